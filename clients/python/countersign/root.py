"""Keys that follow from a pinned root: the root vouches for a directory key, and that signs the list of keys."""
import json
import re
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Set, Union

from .canonical import canonical_json, parse_exactly
from .clock import ClockSource
from .keys import (
    ALGORITHM,
    CheckSignature,
    FoundKeys,
    KeyName,
    KeySource,
    KeysUnavailable,
    NotKeys,
    PublicKey,
    check_signature,
    named,
    read_keys,
)
from .storage import MemoryStorage, Storage
from .text import unbase64
from .times import DAY, LONGEST_FILE, parse_time

#: After its end a list, or a directory key, verifies for so much longer, in milliseconds.
GRACE = 14 * DAY
#: In a licence file a key counts for so long after its `signs_from`.
KEY_IN_FILE = 460 * DAY
_FRESH_FOR = 3_600_000
_MIN_AGE = 60_000
KEY_LIST_PATH = "/.well-known/countersign-keys.json"
_NAME = "signed-keys"


class KeyListError(Exception):
    """A key list that is not believed; `code` says why."""

    def __init__(self, code: str):
        super().__init__(f"The key list of the server is not believed: {code}.")
        self.code = code


class SignedKeyList(NamedTuple):
    document: Dict[str, Any]
    sequence: int
    issued_at: int
    expires_at: int
    directory_kid: str
    root_version: int
    directory_from: int
    directory_until: int
    keys: List[PublicKey]
    revoked: Set[str]
    #: By which the pinned roots lead to the root that signed; to be remembered.
    endorsements: List[Dict[str, Any]]


def _as_object(value: Any) -> Dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_signed_by(key: PublicKey, statement: Dict[str, Any], check: CheckSignature) -> bool:
    others = {name: value for name, value in statement.items() if name != "signature"}
    encoded, text = statement.get("signature"), canonical_json(others)
    if statement.get("signature_algorithm") != ALGORITHM or not isinstance(encoded, str) or text is None:
        return False
    signature = unbase64(encoded)
    return signature is not None and check(key, text.encode(), signature)


def _read_key(statement: Dict[str, Any]) -> PublicKey:
    try:
        keys = read_keys({"pem": statement.get("pem")})
    except NotKeys:
        keys = []
    if len(keys) != 1:
        raise KeyListError("malformed")
    return keys[0]


def _read_entry(entry: Any) -> List[PublicKey]:
    """An entry of a later form hides no other."""
    signs_from = parse_time(_as_object(entry).get("signs_from"))
    try:
        return [] if signs_from is None else [key._replace(signs_from=signs_from) for key in read_keys(entry)]
    except NotKeys:
        return []


def _follow(pinned: Sequence[PublicKey], remembered: Sequence[Any], check: CheckSignature):
    """Each endorsement by a root that is trusted so far adds one more."""
    roots, endorsements = list(pinned), []
    for one in remembered:
        endorsement = _as_object(one)
        if endorsement.get("kind") != "root" or not any(_is_signed_by(key, endorsement, check) for key in roots):
            continue
        try:
            roots.append(_read_key(endorsement))
            endorsements.append(endorsement)
        except KeyListError:
            continue
    return roots, endorsements


def _check_root(root: Dict[str, Any], roots: List[PublicKey], endorsements: List[Dict[str, Any]], check: CheckSignature):
    if any(_is_signed_by(key, root, check) for key in roots):
        return endorsements
    endorsement = root.get("endorsement")
    if not isinstance(endorsement, dict):
        raise KeyListError("bad_root_signature")
    if endorsement.get("kind") != "root" or not any(_is_signed_by(key, endorsement, check) for key in roots):
        raise KeyListError("unknown_root")
    same = endorsement.get("root_version") == root.get("root_version")
    if not same or not _is_signed_by(_read_key(endorsement), root, check):
        raise KeyListError("bad_root_signature")
    return [*endorsements, endorsement]


def read_signed_list(
    document: Any, pinned: Sequence[PublicKey], check: CheckSignature, remembered: Sequence[Any] = ()
) -> SignedKeyList:
    """Checks root statement and list, in that order. Raises `KeyListError`."""
    root, keys = _as_object(_as_object(document).get("root")), _as_object(_as_object(document).get("list"))
    begin, end = parse_time(root.get("valid_from")), parse_time(root.get("valid_until"))
    issued, expires = parse_time(keys.get("issued_at")), parse_time(keys.get("expires_at"))
    sequence, entries, revoked = keys.get("sequence"), keys.get("keys"), keys.get("revoked")
    is_number = isinstance(sequence, int) and not isinstance(sequence, bool) and 1 <= sequence <= 2**53 - 1
    if root.get("kind") != "directory" or keys.get("kind") != "keys" or not is_number:
        raise KeyListError("malformed")
    if begin is None or end is None or issued is None or expires is None:
        raise KeyListError("malformed")
    if not isinstance(entries, list) or not isinstance(revoked, list):
        raise KeyListError("malformed")
    roots, endorsements = _follow(pinned, remembered, check)
    endorsements = _check_root(root, roots, endorsements, check)
    directory = _read_key(root)
    if not _is_signed_by(directory, keys, check):
        raise KeyListError("bad_list_signature")
    version = re.search(r"\d{1,9}$", root["root_version"]) if isinstance(root.get("root_version"), str) else None
    names = {
        _as_object(one).get(name) for one in revoked for name in ("key_version", "kid")
    }
    return SignedKeyList(
        document={"root": root, "list": keys},
        sequence=sequence,
        issued_at=issued,
        expires_at=expires,
        directory_kid=directory.kid,
        root_version=int(version.group()) if version else 0,
        directory_from=begin,
        directory_until=end,
        keys=[key for entry in entries for key in _read_entry(entry)],
        revoked={name for name in names if isinstance(name, str)},
        endorsements=endorsements,
    )


def require_newer(new: SignedKeyList, known: Optional[SignedKeyList]) -> None:
    """
    Refuses a list by an earlier root, by an earlier statement of the root, or with a lower number. A directory key that
    the root has named since begins at any number. Raises `KeyListError`.
    """
    if known is None:
        return
    order, before = (new.root_version, new.directory_from), (known.root_version, known.directory_from)
    if order < before:
        raise KeyListError("older_root_statement")
    if order > before and new.directory_kid != known.directory_kid:
        return
    if new.sequence < known.sequence:
        raise KeyListError("lower_sequence")


def _in_list(
    listed: SignedKeyList, name: KeyName, also_revoked: Set[str], until: Callable[[PublicKey], float]
) -> FoundKeys:
    found = named(listed.keys, name)
    names = {name.key_version, name.kid, *(one for key in found for one in (key.kid, key.key_version))}
    if names & (listed.revoked | also_revoked):
        return "revoked"
    return [key._replace(trusted_from=listed.directory_from, trusted_until=until(key)) for key in found]


def _end_online(listed: SignedKeyList) -> float:
    return min(listed.expires_at, listed.directory_until) + GRACE


def _end_in_file(listed: SignedKeyList, key: PublicKey) -> float:
    if listed.issued_at > listed.directory_until + GRACE:
        return float("-inf")
    return min((key.signs_from or 0) + KEY_IN_FILE, listed.directory_until + GRACE + LONGEST_FILE)


#: Fetches a text from the licence server. Raises whatever goes wrong.
FetchText = Callable[[str], str]


class RootKey(KeySource):
    def __init__(
        self,
        pem: Union[str, Sequence[str]],
        fetch: Optional[FetchText] = None,
        storage: Optional[Storage] = None,
        now: Optional[Callable[[], float]] = None,
        check: CheckSignature = check_signature,
        on_stale: Optional[Callable[[float, BaseException], None]] = None,
    ):
        texts = [pem] if isinstance(pem, str) else list(pem)
        texts = [str(text).replace("\\n", "\n") for text in texts]
        if not texts or not all("-----BEGIN PUBLIC KEY-----" in text for text in texts):
            raise TypeError("root_key: give the root key in PEM form, as `countersign root` prints it")
        self._pem, self._roots, self._check = pem, read_keys(texts), check
        self._fetch, self._storage = fetch, storage or MemoryStorage()
        self._now, self._on_stale = now or ClockSource().now, on_stale
        self._held: Optional[SignedKeyList] = None
        self._fetched_at = float("-inf")
        self._failed_at: Optional[float] = None
        self._failure: Optional[BaseException] = None
        self._recalled = self._told = False

    def connect(self, **surroundings: Any) -> "RootKey":
        if self._fetch is not None:
            return self
        return RootKey(self._pem, check=self._check, **surroundings)

    def _recall(self) -> None:
        if self._recalled:
            return
        self._recalled = True
        try:
            kept = _as_object(parse_exactly(self._storage.get(_NAME) or ""))
            remembered = kept.get("endorsements")
            self._held = read_signed_list(
                kept.get("document"), self._roots, self._check, remembered if isinstance(remembered, list) else []
            )
        except (KeyListError, OSError):
            self._held = None

    def _refresh(self) -> None:
        if self._fetch is None:
            raise KeysUnavailable("Public keys are not kept here and no server is named")
        remembered = self._held.endorsements if self._held else []
        fresh = read_signed_list(parse_exactly(self._fetch(KEY_LIST_PATH)), self._roots, self._check, remembered)
        require_newer(fresh, self._held)
        self._held, self._fetched_at = fresh, self._now()
        try:
            kept = {"document": fresh.document, "endorsements": fresh.endorsements}
            self._storage.set(_NAME, json.dumps(kept))
        except OSError:
            pass

    def _update(self, max_age: float) -> None:
        self._recall()
        if self._held is not None and abs(self._now() - self._fetched_at) < max_age:
            return
        if self._held is not None and self._failed_at is not None and abs(self._now() - self._failed_at) < _MIN_AGE:
            return
        try:
            self._refresh()
            self._failed_at = self._failure = None
        except Exception as error:  # whatever went wrong, the known list serves on
            self._failed_at, self._failure = self._now(), error

    def _look_up(self, name: KeyName) -> FoundKeys:
        if self._held is None:
            if isinstance(self._failure, KeyListError):
                return "untrusted_keys"
            raise KeysUnavailable("The public keys could not be fetched") from self._failure
        held = self._held
        return _in_list(held, name, set(), lambda _key: _end_online(held))

    def find(self, name: KeyName, keys_sequence: int = 0, fresh: bool = False) -> FoundKeys:
        self._update(_FRESH_FOR)
        if self._held is not None and keys_sequence > self._held.sequence:
            self._update(_MIN_AGE)
        if fresh and self._failure is not None and self._held is not None and not self._told and self._on_stale:
            self._on_stale(_end_online(self._held), self._failure)
        self._told = self._failure is not None
        found = self._look_up(name)
        if len(found) > 0:
            return found
        self._update(_MIN_AGE)
        return self._look_up(name)

    def in_file(self, document: Dict[str, Any]) -> KeySource:
        return _FileKeys(self, document)


class _FileKeys(KeySource):
    """Nobody is asked, and what is known here of revocations counts as well."""

    def __init__(self, root: RootKey, document: Dict[str, Any]):
        self._root, self._document = root, document

    def find(self, name: KeyName, keys_sequence: int = 0, fresh: bool = False) -> FoundKeys:
        root = self._root
        try:
            listed = read_signed_list(self._document, root._roots, root._check)
        except KeyListError:
            return "untrusted_keys"
        root._recall()
        known = root._held.revoked if root._held else set()
        # A list from before the one that the signer had is not the one that was put into the file.
        if keys_sequence > listed.sequence:
            return "untrusted_keys"
        return _in_list(listed, name, known, lambda key: _end_in_file(listed, key))


def root_key(pem: Union[str, Sequence[str]]) -> KeySource:
    """
    The keys that follow from the root's public key, or from every root there has been.

    Raises `TypeError` when that is no public key in PEM form.
    """
    return RootKey(pem)
