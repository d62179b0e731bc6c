"""Reads a licence in whichever form it comes, and judges it without asking anybody."""
import hashlib
import re
from typing import Any, Dict, Mapping, NamedTuple, Optional, Sequence, Union

from .canonical import canonical_json, parse_exactly
from .clock import TrustedClock
from .keys import ALGORITHM, CheckSignature, KeyName, KeySource, KeysUnavailable, PublicKey, check_signature, pinned_keys
from .text import as_text, extract_license, extract_license_file, unbase64
from .times import CLOCK_TOLERANCE, LONGEST_FILE, Times, read_times, refusal_at

_MESSAGES = {
    "malformed": "This is no licence: pass the license_data or license_token of an acquire answer, unchanged.",
    "unsigned": "The licence carries no signature: the server could not sign. Ask again later.",
    "unknown_key": "The licence names a key that is not among the keys given: update the pinned keys.",
    "keys_unavailable": "The public keys could not be fetched and none are cached: check the connection, or pin the keys.",
    "untrusted_keys": "The key list is not signed on behalf of the root key that is pinned here: check the URL, and which root key is pinned.",
    "keys_expired": "The key list that is known here is too old: connect, so that a newer one can be fetched, and check the clock of this machine.",
    "revoked": "The licence was signed with a key that has been revoked: acquire it again.",
    "wrong_nonce": "The licence does not repeat the nonce of the request: it is an answer to another one, or a recording.",
    "wrong_kind": "What was signed is no licence of a seat: pass the licence of an acquire answer.",
    "bad_signature": "The signature does not fit: the licence was changed after signing, or is a forgery. Acquire it again.",
    "not_yet_valid": "The licence was signed in the future of this clock: set the clock of this machine.",
    "clock_turned_back": "The clock of this machine is behind a time that has been seen before: set it, or go online once.",
    "expired": "The licence has ended: renew it with your vendor.",
    "stale": "This copy of the licence has been offline for too long: connect and acquire it again.",
    "wrong_hardware": "The licence was issued to another machine: acquire one on this machine.",
    "missing_feature": "The licence does not include a feature that was asked for: ask your vendor for it.",
    "wrong_product": "The licence is for another product: use the licence key of this one.",
}

FeatureValue = Union[str, int, bool, None]


class License(NamedTuple):
    """A licence that was judged: look at `valid` first."""

    valid: bool
    #: Why it is not to be relied on; None for a valid one.
    reason: Optional[str] = None
    #: What happened and what to do, for a person.
    message: str = ""
    #: "signed-json", "jws" or "batch".
    form: str = ""
    #: The members that were signed, as they were signed: look at these and never at what was passed in.
    claims: Mapping[str, Any] = {}
    times: Times = Times()

    def feature(self, name: str) -> FeatureValue:
        """True for a feature that is listed, its value where features carry values, None for one that is not there."""
        features = self.claims.get("features")
        if isinstance(features, list):
            return True if name in features else None
        return features.get(name) if isinstance(features, dict) else None

    def has_feature(self, name: str) -> bool:
        """Whether a feature is there and not switched off by False."""
        value = self.feature(name)
        return value is not None and value is not False

    @property
    def borrowed(self) -> bool:
        """Whether the seat is this machine's until the copy ends, with or without the server."""
        return self.claims.get("mode") == "borrowed"

    @property
    def works_offline(self) -> bool:
        """Whether a copy may serve a start without the server; one that does not say so is strict."""
        seconds = self.claims.get("offline_seconds")
        is_number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
        return self.borrowed or (is_number and seconds > 0)


def refuse(reason: str) -> License:
    return License(False, reason, _MESSAGES[reason])


class _Signed(NamedTuple):
    form: str
    name: KeyName
    message: bytes
    signature: bytes
    claims: Dict[str, Any]
    document: Optional[Dict[str, Any]] = None


_MOST_WRAPPINGS = 4
_MAX_BATCH = 65_536
_BATCH_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z", re.ASCII)
_HEX = re.compile("[0-9a-f]{64}")


def _parse(data: Any) -> Union[_Signed, str]:
    value = data
    for _ in range(_MOST_WRAPPINGS + 1):
        if isinstance(value, (str, bytes)):
            text = as_text(value)
            file = extract_license_file(text)
            if file is not None:
                return _parse_file(file)
            text = extract_license(text)
            if not text.startswith("{"):
                return _parse_token(text)
            value = parse_exactly(text)
        if not isinstance(value, dict):
            return "malformed"
        for member in ("license_file", "license_token", "license_data"):
            if member in value:
                value = value[member]
                break
        else:
            return _parse_data(value)
    return "malformed"


def _parse_file(encoded: str) -> Union[_Signed, str]:
    data = unbase64(encoded)
    try:
        inside = parse_exactly(data.decode()) if data is not None else None
    except UnicodeDecodeError:
        inside = None
    if not isinstance(inside, dict) or not isinstance(inside.get("license"), dict):
        return "malformed"
    if "root" not in inside or "list" not in inside:
        return "malformed"
    parsed = _parse_data(inside["license"])
    if isinstance(parsed, str):
        return parsed
    return parsed._replace(document={"root": inside["root"], "list": inside["list"]})


def _parse_data(data: Dict[str, Any]) -> Union[_Signed, str]:
    claims = {name: value for name, value in data.items() if name != "signature"}
    encoded, version = data.get("signature"), claims.get("key_version")
    if encoded is None:
        return "unsigned"
    if not isinstance(encoded, str) or not isinstance(version, str):
        return "malformed"
    if claims.get("signature_algorithm") != ALGORITHM:
        return "unknown_key"
    signature = unbase64(encoded)
    # What is no proof is a member like any other, and signed as such or not at all.
    batch = claims.pop("batch") if isinstance(claims.get("batch"), dict) else None
    text = canonical_json(claims)
    if signature is None or text is None:
        return "malformed"
    name = KeyName(key_version=version)
    if batch is None:
        return _Signed("signed-json", name, text.encode(), signature, claims)
    signed = _batch_text(text, batch, {"key_version": version, "signature_algorithm": ALGORITHM})
    return "malformed" if signed is None else _Signed("batch", name, signed.encode(), signature, claims)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _batch_text(text: str, batch: Dict[str, Any], key: Dict[str, str]) -> Optional[str]:
    """What is signed for a batch: the root of its Merkle tree (RFC 9162), to which this licence's audit path must lead."""
    if set(batch) != {"leaf_index", "tree_size", "audit_path", "signed_at"}:
        return None
    index, size, path, signed_at = (batch[name] for name in ("leaf_index", "tree_size", "audit_path", "signed_at"))
    if not _is_integer(index) or not _is_integer(size) or not 2 <= size <= _MAX_BATCH or not isinstance(path, list):
        return None
    if not isinstance(signed_at, str) or not _BATCH_TIME.fullmatch(signed_at):
        return None
    if not all(isinstance(step, str) and _HEX.fullmatch(step) for step in path):
        return None
    leaf = hashlib.sha256(b"\x00" + text.encode()).digest()
    root = _root_of(leaf, index, size, [bytes.fromhex(step) for step in path])
    if root is None:
        return None
    head = canonical_json({"root": root.hex(), "tree_size": size, "signed_at": signed_at, **key})
    return f"countersign/batch/v1\n{head}"


def _root_of(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> Optional[bytes]:
    """The root that an inclusion proof leads to (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    position, last, root = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if position % 2 == 1 or position == last:
            root = hashlib.sha256(b"\x01" + sibling + root).digest()
            while position % 2 == 0 and position != 0:
                position, last = position // 2, last // 2
        else:
            root = hashlib.sha256(b"\x01" + root + sibling).digest()
        position, last = position // 2, last // 2
    return root if last == 0 else None


def _parse_token(token: str) -> Union[_Signed, str]:
    """The header may hold `alg`, `kid` and `typ` alone: a key inside the token is never considered."""
    parts = token.split(".")
    decoded = [unbase64(part, url=True) for part in parts]
    if len(parts) != 3 or any(part is None for part in decoded):
        return "malformed"
    try:
        header, claims = (parse_exactly((part or b"").decode()) for part in decoded[:2])
    except UnicodeDecodeError:
        return "malformed"
    if not isinstance(header, dict) or not isinstance(claims, dict) or not isinstance(header.get("kid"), str):
        return "malformed"
    if header.get("typ") != "license+jwt" or len(header) != 3:
        return "malformed"
    if claims.get("signature_algorithm") != ALGORITHM or header.get("alg") != "RS256":
        return "unknown_key"
    if not isinstance(claims.get("key_version"), str):
        return "malformed"
    message = token[: token.rindex(".")].encode()
    return _Signed("jws", KeyName(kid=header["kid"]), message, decoded[2] or b"", claims)


def _find_signer(signed: _Signed, keys: KeySource, nonce: Optional[str], check: CheckSignature) -> Union[PublicKey, str]:
    sequence = signed.claims.get("keys_sequence")
    try:
        found = keys.find(signed.name, sequence if _is_integer(sequence) else 0, nonce is not None)
    except KeysUnavailable:
        return "keys_unavailable"
    if isinstance(found, str):
        return found
    if not found:
        return "unknown_key"
    return next((key for key in found if check(key, signed.message, signed.signature)), "bad_signature")


def verify(
    data: Any,
    keys: Any,
    *,
    now: Optional[float] = None,
    clock: Optional[TrustedClock] = None,
    nonce: Optional[str] = None,
    asked: Optional[Sequence[float]] = None,
    kind: Optional[str] = None,
    product: Optional[str] = None,
    hardware_id: Optional[str] = None,
    features: Sequence[str] = (),
    check: CheckSignature = check_signature,
) -> License:
    """
    Checks a licence without asking anybody, except for keys that a fetching source does not have yet.

    `data` is `license_data`, `license_token`, the text of a licence file, a whole acquire answer, or any of them as text or
    bytes. `keys` is a key source (`root_key`, `pinned_keys`) or key material. `now` is milliseconds since the epoch. It never
    raises for what the data holds; it raises `TypeError` for key material that is none.
    """
    source = keys if isinstance(keys, KeySource) else pinned_keys(keys)
    parsed = _parse(data)
    if isinstance(parsed, str):
        return refuse(parsed)
    if parsed.document is not None:
        source = source.in_file(parsed.document)
    key = _find_signer(parsed, source, nonce, check)
    if isinstance(key, str):
        return refuse(key)
    claims, times = parsed.claims, read_times(parsed.claims)
    if times is not None and parsed.document is not None:
        times = _limit_file(times)
    if times is None:
        return refuse("malformed")
    if nonce is not None and claims.get("nonce") != nonce:
        return refuse("wrong_nonce")
    if clock is not None and times.signed_at is not None:
        if nonce is None:
            clock.saw_signed(times.signed_at)
        else:
            clock.saw_answer(times.signed_at, asked)
    reason = _judge(claims, times, key, clock, now, kind, product, hardware_id)
    if reason is not None:
        return refuse(reason)
    license = License(True, form=parsed.form, claims=claims, times=times)
    if not all(license.has_feature(name) for name in features):
        return refuse("missing_feature")
    if clock is not None and nonce is None:
        clock.accepted()
    return license


def _judge(
    claims: Dict[str, Any],
    times: Times,
    key: PublicKey,
    clock: Optional[TrustedClock],
    now: Optional[float],
    kind: Optional[str],
    product: Optional[str],
    hardware_id: Optional[str],
) -> Optional[str]:
    if kind is not None and claims.get("kind") != kind:
        return "wrong_kind"
    if clock is not None and clock.turned_back():
        return "clock_turned_back"
    present = now if now is not None else (clock or TrustedClock()).now()
    refusal = refusal_at(times, present)
    if refusal is not None:
        return refusal
    if key.trusted_from > present + CLOCK_TOLERANCE:
        return "not_yet_valid"
    if key.trusted_until <= present:
        return "keys_expired"
    if product is not None and ("default" if claims.get("product") is None else claims["product"]) != product:
        return "wrong_product"
    if hardware_id is not None and claims.get("hardware_id") != hardware_id:
        return "wrong_hardware"
    return None


def _limit_file(times: Times) -> Optional[Times]:
    """A file without a time of signing has no end, and is none."""
    if times.signed_at is None:
        return None
    end = times.signed_at + LONGEST_FILE
    return times._replace(valid_until=end if times.valid_until is None else min(times.valid_until, end))


