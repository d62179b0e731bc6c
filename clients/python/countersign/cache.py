"""What is kept between runs: the last licence of this machine, for a start without the server, and the latest time seen."""
import json
import math
from typing import Any, NamedTuple, Optional

from .clock import TrustedClock
from .storage import Storage
from .text import normalize_license_key

#: Milliseconds between two notes of the time while a kept licence stands in for the server.
TIME_NOTED_EVERY = 120_000


class Kept(NamedTuple):
    license: Any = None
    #: Why nothing is kept: "released", "strict", "refused", or None when nothing is known.
    why_nothing: Optional[str] = None


def _fingerprint(text: str) -> str:
    """FNV-1a, 32 bits: tells a machine's few licences apart, and says next to nothing of the key."""
    value = 0x811C9DC5
    for byte in text.encode("utf-8", "surrogatepass"):
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return f"{value:08x}"


class LicenseCache:
    """Clients of every language share the names and the form of what is kept."""

    def __init__(self, storage: Storage, license_key: str, hardware_id: str, clock: TrustedClock):
        self._storage, self._clock, self._is_kept = storage, clock, False
        self._name = f"license-{_fingerprint(normalize_license_key(license_key) + chr(10) + hardware_id)}"

    def load(self) -> Kept:
        try:
            seen = float(self._storage.get(f"{self._name}-time") or "nan")
        except ValueError:
            seen = math.nan
        if math.isfinite(seen):
            self._clock.remember(seen)
        try:
            kept = json.loads(self._storage.get(self._name) or "")
        except (ValueError, RecursionError):
            kept = None
        kept = kept if isinstance(kept, dict) else {}
        self._is_kept = kept.get("license") is not None
        if self._is_kept:
            return Kept(license=kept["license"])
        why = kept.get("nothing")
        return Kept(why_nothing=why if why in ("released", "strict", "refused") else None)

    def save(self, license: Any) -> None:
        self._storage.set(self._name, json.dumps({"license": license}, separators=(",", ":")))
        self._is_kept = True
        self.note_time(0)

    def note_time(self, ahead: float) -> None:
        """`ahead`: milliseconds for which the program may run on before the next note, so that a kill gains nothing."""
        latest = self._clock.latest() if self._is_kept else None
        if latest is not None:
            self._storage.set(f"{self._name}-time", str(math.floor(latest + ahead)))

    def forget(self, why: str) -> None:
        self._is_kept = False
        self._storage.set(self._name, json.dumps({"nothing": why}, separators=(",", ":")))
