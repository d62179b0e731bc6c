"""What one seat is kept with."""
import secrets
import sys
import traceback
from typing import Any, Callable, Dict, Optional

from .api import Granted, Renewed, SeatApi, http_send
from .cache import LicenseCache
from .clock import TrustedClock
from .events import Event
from .hardware import hardware_id
from .keys import KeySource, pinned_keys
from .license import License, verify
from .options import Options
from .queue import Queue
from .storage import FileStorage, GuardedStorage, Storage, state_directory
from .text import clean_text

_NO_MEMORY = "Nothing can be kept on this machine, so a start without the licence server will not be possible: check the directory of the storage, its rights and its space."
_STALE_KEYS = "The list of public keys could not be fetched, so the known one is used until it is too old: check whether the licence server serves /.well-known/countersign-keys.json, and whether a proxy changes it."


class Surroundings:
    """Everything that one seat is kept with, and the calls whose answers are verified."""

    def __init__(self, options: Options):
        self.options = options
        self.clock = TrustedClock(options.source)
        self.storage = GuardedStorage(self._open_storage, lambda _error: self.emit(Event("storage_unavailable", _NO_MEMORY)))
        machine = options.hardware_id or clean_text(hardware_id(options.application, self.storage))
        send = options.send or http_send(options.url)
        program = secrets.token_hex(16)
        self.api = SeatApi(send, program, options.timeout / 1000, options.user_token)
        self.cache = LicenseCache(self.storage, options.license_key, machine, self.clock)
        source: KeySource = options.keys if isinstance(options.keys, KeySource) else pinned_keys(options.keys)

        def fetch(path: str) -> str:
            status, text, _ = send(path, None, options.timeout / 1000, None)
            if status != 200:
                raise OSError(f"{path} answered {status}")
            return text

        self.keys = source.connect(
            fetch=fetch,
            storage=self.storage,
            now=self.clock.now,
            on_stale=lambda until, _cause: self.emit(Event("keys_not_updated", _STALE_KEYS, valid_until=until)),
        )
        self.machine = machine
        identity = {"license_key": options.license_key, "hardware_id": machine, "token_format": "batch"}
        self.refresh_request = identity
        shown = {name: value for name, value in options.shown.items() if value}
        self.acquire_request = {**identity, **shown, "process_id": options.process_id or program}
        if options.take_over:
            self.acquire_request["take_over"] = True
        self.queue = Queue(self)

    def _open_storage(self) -> Storage:
        given = self.options.storage
        if isinstance(given, Storage):
            return given
        return FileStorage(given or state_directory(self.options.application))

    def emit(self, event: Event) -> None:
        if self.options.on_event is None:
            return
        try:
            self.options.on_event(event)
        except Exception:  # its own fault, and hinders the seat in nothing
            traceback.print_exc(file=sys.stderr)

    def verify(self, license: Any, nonce: Optional[str] = None, asked: Any = None) -> License:
        return verify(
            license,
            self.keys,
            clock=self.clock,
            nonce=nonce,
            asked=asked,
            kind="seat",
            product=self.options.product,
            hardware_id=self.machine,
        )

    def acquire(self, timeout: Optional[float] = None, queue: Optional[int] = None):
        """
        Asks for the seat, `timeout` in milliseconds as `SeatApi.acquire` takes it, and for a place in the queue for so many seconds. The licence that
        came with it beside the answer; None with an answer that grants none.
        """
        more = {} if queue is None else {"queue": {"max_wait_seconds": queue}}
        return self._ask(lambda request: self.api.acquire({**request, **more}, None if timeout is None else timeout / 1000))

    def borrow(self, seconds: Optional[int]):
        """The same for a borrowed seat, by default for as long as the licence allows."""
        more = {} if seconds is None else {"borrow_seconds": seconds}
        return self._ask(lambda request: self.api.borrow({**request, **more}))

    def _ask(self, send: Callable[[Dict[str, Any]], Any]):
        nonce, asked = secrets.token_urlsafe(16), self.clock.asked()
        answer = send({**self.acquire_request, "nonce": nonce})
        if not isinstance(answer, Granted):
            return answer, None
        license = self.verify(answer.license, nonce, asked)
        if license.valid:
            if _outlives(license, answer.lease_ends_at):
                self.cache.save(answer.license)
            else:
                self.cache.forget("strict")
        return answer, license

    def heartbeat(self, session_id: str, refresh: bool):
        nonce, asked = secrets.token_urlsafe(16), self.clock.asked()
        answer = self.api.heartbeat(session_id, {**self.refresh_request, "nonce": nonce} if refresh else None)
        if not isinstance(answer, Renewed) or not refresh or answer.license is None:
            return answer, None
        license = self.verify(answer.license, nonce, asked)
        if license.valid and _outlives(license, answer.lease_ends_at):
            self.cache.save(answer.license)
        return answer, license

    def refused_license(self, license: License) -> None:
        self.emit(Event("refused_license", license.message, reason=license.reason))


def _outlives(license: License, lease_ends_at: float) -> bool:
    """A copy that ends with its lease would be over before a later start needs it, so nothing of it is kept."""
    if license.borrowed:
        return True
    until = license.times.valid_until
    return license.works_offline and (until is None or until > lease_ends_at)
