"""Public keys: from whatever they are published as, and the one check of a signature."""
import base64
import hashlib
import json
import re
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Union

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .text import as_text, unbase64

ALGORITHM = "RSA_SIGN_PKCS1_4096_SHA256"
_BYTES = 512
_PEM = re.compile("-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----")
_SPKI_RSA_4096 = bytes.fromhex("30820222300d06092a864886f70d01010105000382020f003082020a0282020100")
_EXPONENT = bytes.fromhex("0203010001")
_DEEPEST = 8


class PublicKey(NamedTuple):
    kid: str
    #: None where the material has no such name (a JWKS): then it is tried for every version.
    key_version: Optional[str]
    public: rsa.RSAPublicKey
    #: Milliseconds since the epoch between which the source vouches for the key.
    trusted_from: float = float("-inf")
    trusted_until: float = float("inf")
    signs_from: Optional[int] = None


CheckSignature = Callable[[PublicKey, bytes, bytes], bool]


def check_signature(key: PublicKey, message: bytes, signature: bytes) -> bool:
    """RSASSA-PKCS1-v1_5 with SHA-256. The signature must be as long as the modulus."""
    if len(signature) != _BYTES:
        return False
    try:
        key.public.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        return True
    except InvalidSignature:
        return False


class NotKeys(TypeError):
    def __init__(self, why: str):
        super().__init__(
            f"Not public keys: {why}. Take them from /api/v1/public-keys or /.well-known/jwks.json of the server."
        )


def read_keys(material: Any, depth: int = 0) -> List[PublicKey]:
    """SPKI PEM, a JWK, a JWKS (RFC 7517), the list of `GET /api/v1/public-keys`, or a list of these."""
    if depth > _DEEPEST:
        raise NotKeys("it is nested too deeply")
    if isinstance(material, (str, bytes)):
        return _read_text(as_text(material), depth + 1)
    if isinstance(material, (list, tuple)):
        return [key for one in material for key in read_keys(one, depth + 1)]
    if not isinstance(material, dict):
        raise NotKeys("it is neither PEM nor JSON")
    if isinstance(material.get("keys"), list):
        return read_keys(material["keys"], depth + 1)
    if isinstance(material.get("pem"), str):
        return [_read_pem(material["pem"], material)]
    if material.get("kty") == "RSA" and isinstance(material.get("n"), str) and isinstance(material.get("e"), str):
        return [_read_numbers(material["n"], material["e"], material)]
    raise NotKeys("it has neither pem nor the members of an RSA JWK")


def _read_text(text: str, depth: int) -> List[PublicKey]:
    text = re.sub(r"(?m)^[ \t]*(?:[>|][ \t]?)+", "", re.sub("[\0\ufeff\ufffd]", "", text))
    pems = [] if re.match(r"\s*[\[{]", text) else _PEM.findall(text)
    if pems:
        return [_read_pem(pem, {}) for pem in pems]
    try:
        value = json.loads(text)
    except ValueError:
        raise NotKeys("the text is neither an SPKI PEM nor JSON") from None
    if isinstance(value, str):
        raise NotKeys("the text is neither an SPKI PEM nor JSON")
    return read_keys(value, depth + 1)


def _read_pem(pem: str, described: Dict[str, Any]) -> PublicKey:
    der = unbase64(re.sub(r"-----(BEGIN|END) PUBLIC KEY-----|\s", "", pem))
    if der is None or der[:33] != _SPKI_RSA_4096 or der[545:] != _EXPONENT:
        raise NotKeys("the PEM holds no RSA public key of 4096 bits with the exponent 65537")
    return _read_numbers(base64.urlsafe_b64encode(der[33:545]).rstrip(b"=").decode(), "AQAB", described)


def _read_numbers(n: str, e: str, described: Dict[str, Any]) -> PublicKey:
    if described.get("algorithm", ALGORITHM) != ALGORITHM:
        raise NotKeys(f"the algorithm {described['algorithm']} is unknown")
    modulus = unbase64(n, url=True)
    if modulus is None or len(modulus) != _BYTES or modulus[0] < 0x80 or e != "AQAB":
        raise NotKeys(f"{ALGORITHM} needs a modulus of 4096 bits and the exponent 65537")
    kid, version = described.get("kid"), described.get("key_version")
    if not isinstance(kid, str):
        # RFC 7638, section 3: the required members in order, without white space.
        thumbprint = hashlib.sha256(f'{{"e":"{e}","kty":"RSA","n":"{n}"}}'.encode()).digest()
        kid = base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode()
    public = rsa.RSAPublicNumbers(65537, int.from_bytes(modulus, "big")).public_key()
    return PublicKey(kid, version if isinstance(version, str) else None, public)


class KeyName(NamedTuple):
    """By which a licence names its key: one of the two."""

    key_version: Optional[str] = None
    kid: Optional[str] = None


def named(keys: Sequence[PublicKey], name: KeyName) -> List[PublicKey]:
    """A key without a version in its material fits every version."""
    if name.kid is not None:
        return [key for key in keys if key.kid == name.kid]
    return [key for key in keys if key.key_version is None or key.key_version == name.key_version]


class KeysUnavailable(Exception):
    """Nothing is known of any key."""


#: The keys that may have a name, or why none is believed: "revoked", "untrusted_keys".
FoundKeys = Union[List[PublicKey], str]


class KeySource:
    """Where public keys come from."""

    def find(self, name: KeyName, keys_sequence: int = 0, fresh: bool = False) -> FoundKeys:
        raise NotImplementedError

    def in_file(self, document: Dict[str, Any]) -> "KeySource":
        """The keys of a licence file, which brings its key list along."""
        return self

    def connect(self, **surroundings: Any) -> "KeySource":
        """The same source with these surroundings, where the program has named none."""
        return self


class PinnedKeys(KeySource):
    def __init__(self, material: Any):
        self._keys = read_keys(material)

    def find(self, name: KeyName, keys_sequence: int = 0, fresh: bool = False) -> FoundKeys:
        return named(self._keys, name)


def pinned_keys(material: Any) -> KeySource:
    """
    Keys that the program brings along: PEM, a JWK, a JWKS, or the list of `GET /api/v1/public-keys`.

    Raises `TypeError` for material that is no key.
    """
    return PinnedKeys(material)
