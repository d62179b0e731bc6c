"""A seat that is kept: acquired, renewed until the end, given back."""
import platform
import secrets
import socket
import sys
import threading
import time
import traceback
from dataclasses import dataclass, field
from random import random
from typing import Any, Callable, Dict, Optional, Union

from .api import Ended, Granted, Refused, Released, Renewed, SeatApi, Send, http_send
from .cache import TIME_NOTED_EVERY, LicenseCache
from .clock import ClockSource, TrustedClock
from .failure import Unavailable
from .hardware import hardware_id
from .keys import KeySource, pinned_keys
from .license import License, verify
from .storage import FileStorage, GuardedStorage, Storage, state_directory
from .text import clean_text, normalize_license_key
from .times import format_time, parse_time, refusal_at

_ADVICE = {
    "no_seats_available": "All seats of the licence are in use: close the program on another machine, or set `wait`.",
    "license_not_found": "There is no licence with this key: check how it was typed or copied.",
    "license_expired": "The licence has ended: renew it with your vendor.",
    "license_suspended": "The licence is suspended: ask your vendor why.",
    "license_invalid": "The server answered a licence that does not verify, so it was not used.",
    "clock_wrong": "The clock of this machine differs from the time of the licence server by too much: set the clock.",
    "invalid_request": "The server does not understand the request: check the options, and update this library.",
    "queue_full": "All seats are in use, and so is every place in the queue: try again later.",
    "machine_limit_reached": "The licence was used on as many machines as it allows today: use one of them, or try tomorrow.",
    "unauthenticated": "The licence is for named users: use the key that is your own.",
    "user_not_named": "You are not on the list of users of the licence: ask its administrator.",
    "held_elsewhere": "You hold a seat on another machine: close the program there.",
}

_LOSSES = {
    "admin_released": "An administrator has taken the seat back: ask for another one, or talk to them.",
    "moved": "The seat is in use on another machine of yours now: go on there, or start again here.",
    "self_released": "Somebody with the licence key has freed the seat: ask them, or start again.",
    "recalled": "An administrator has taken the borrowed seat back: talk to them.",
    "license_suspended": "The licence has been suspended: ask your vendor why.",
    "license_expired": "The licence has ended: renew it with your vendor.",
    "license_not_found": "The licence key is no longer known: ask for the new one.",
    "no_seats_available": "The lease ran out while the server could not be reached, and all seats are taken: try again later.",
    "offline_too_long": "The licence could not be renewed for as long as it works offline: connect and start again.",
    "invalid_request": "The server does not understand this version of the library: update it.",
}

_NOTHING_KEPT = {
    None: "No licence of an earlier run is kept here.",
    "released": "The last run gave its seat back, so its licence was not kept.",
    "strict": "This licence works only while the server answers, so nothing was kept.",
    "refused": "The licence of the last run was ended by the server.",
}

_NO_MEMORY = "Nothing can be kept on this machine, so a start without the licence server will not be possible: check the directory of the storage, its rights and its space."
_STALE_KEYS = "The list of public keys could not be fetched, so the known one is used until it is too old: check whether the licence server serves /.well-known/countersign-keys.json, and whether a proxy changes it."

_KEYS_MAY_COME = ("keys_unavailable", "unknown_key", "keys_expired")
_CLOCK_MAY_BE_WRONG = ("not_yet_valid", "stale", "expired")
#: Somebody has taken the seat on purpose, so it is not asked for again.
_FINAL = ("admin_released", "moved", "self_released", "recalled")
#: What the server ended a session for with its last word; anything else is mended by acquiring again.
_VERDICTS = ("license_suspended", "license_expired")

#: Milliseconds.
_RENEWAL_PAUSE = 120_000
_SHORTEST_WAIT = 1_000
#: Less than the 5 s by which a lease outlives its end on the server, so that nobody else has the seat meanwhile.
_LAST_QUESTION = 4_000
#: Sleeping threads and timers stand still while a machine sleeps: between such pieces the clock is looked at.
_LONGEST_SLEEP = 30_000
_DENIED_PAUSE = 20_000
_LONGEST_DENIED_PAUSE = 300_000
_LONGEST_AT_START = 60_000


class SeatError(Exception):
    """Why there is no seat. The message says what to do; decide by `code`."""

    def __init__(self, code: str, message: str, **details: Any):
        super().__init__(message)
        self.code = code
        #: For `license_invalid` and `clock_wrong`: what was wrong with the licence that was answered.
        self.reason: Optional[str] = details.get("reason")
        self.seats_used: int = details.get("seats_used", 0)
        self.seats_total: int = details.get("seats_total", 0)
        #: Seconds, where the server said when to come back.
        self.retry_after: Optional[float] = details.get("retry_after")
        #: When the server gave no answer: why there was no start with the licence of the last run either.
        self.kept: Optional[str] = details.get("kept")


@dataclass(frozen=True)
class Event:
    """What happens to a seat. `type` is one of held, renewing, offline, online, denied, refused_license, keys_not_updated, storage_unavailable, lost, released."""

    type: str
    message: str = ""
    #: Of `offline`: which failure.
    code: Optional[str] = None
    #: Of `lost` and `refused_license`.
    reason: Optional[str] = None
    #: Milliseconds since the epoch: of `held` and `offline` the end of the lease and of the copy, of `denied` the next attempt.
    lease_ends_at: Optional[float] = None
    valid_until: Optional[float] = None
    retry_at: Optional[float] = None
    seats_used: int = 0
    seats_total: int = 0
    #: Of `released`: whether the server has heard of it, and whether another program of this machine goes on.
    confirmed: bool = False
    still_held: bool = False


Listener = Callable[[Event], None]


@dataclass
class Options:
    url: str
    license_key: str
    product: str
    keys: Any
    application: str
    hardware_id: Optional[str]
    shown: Dict[str, Any]
    storage: Union[Storage, str, None]
    on_event: Optional[Listener]
    #: Milliseconds.
    wait: float
    patience: float
    timeout: float
    source: ClockSource = field(default_factory=ClockSource)
    send: Optional[Send] = None


@dataclass
class _Lease:
    session_id: str
    ends_at: float


def _retry_delay(failures: int, first: float, longest: float, retry_after: float) -> float:
    wait = max(_SHORTEST_WAIT, min(longest, first * 2 ** min(failures - 1, 30))) * (0.5 + random() / 2)
    # Everybody was told the same Retry-After: none comes before it, and not all of them at it.
    return retry_after * (1 + random() / 2) if retry_after > wait else wait


class Surroundings:
    """Everything that one seat is kept with, and the calls whose answers are verified."""

    def __init__(self, options: Options):
        self.options = options
        self.clock = TrustedClock(options.source)
        self.storage = GuardedStorage(self._open_storage, lambda _error: self.emit(Event("storage_unavailable", _NO_MEMORY)))
        machine = options.hardware_id or clean_text(hardware_id(options.application, self.storage))
        send = options.send or http_send(options.url)
        self.api = SeatApi(send, secrets.token_hex(16), options.timeout / 1000)
        self.cache = LicenseCache(self.storage, options.license_key, machine, self.clock)
        source: KeySource = options.keys if isinstance(options.keys, KeySource) else pinned_keys(options.keys)

        def fetch(path: str) -> str:
            status, text, _ = send(path, None, options.timeout / 1000)
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
        self.acquire_request = {**identity, **{name: value for name, value in options.shown.items() if value}}

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

    def acquire(self, timeout: float = float("inf")):
        """Asks for the seat. The licence that came with it beside the answer; None with an answer that grants none."""
        nonce, asked = secrets.token_urlsafe(16), self.clock.asked()
        answer = self.api.acquire({**self.acquire_request, "nonce": nonce}, timeout / 1000)
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
    until = license.times.valid_until
    return license.works_offline and (until is None or until > lease_ends_at)


def acquire_first(around: Surroundings):
    """Asks until there is a seat. Returns its licence and what was granted, or the failure that it stands in for."""
    options, source = around.options, around.options.source
    begun = source.monotonic()
    silent_since: Optional[float] = None
    failures = denials = 0

    def failed(retry_after: float) -> bool:
        nonlocal silent_since, failures
        failures = 1 if silent_since is None else failures + 1
        silent_since = source.monotonic() if silent_since is None else silent_since
        pause = _retry_delay(failures, _SHORTEST_WAIT, _LONGEST_AT_START, retry_after)
        within = source.monotonic() - silent_since + pause <= options.patience
        # A server that says when to come back is there, and is waited for as long as a free seat is.
        if not within and not (retry_after > 0 and source.monotonic() - begun + pause <= options.wait):
            return False
        time.sleep(pause / 1000)
        return True

    while True:
        answer, license = around.acquire()
        if isinstance(answer, Granted):
            if license.valid:
                return license, answer
            around.refused_license(license)
            if license.reason in _KEYS_MAY_COME and failed(0):
                continue
            around.api.release(answer.session_id)
            raise _invalid(around, answer, license)
        if isinstance(answer, Refused):
            if answer.code != "no_seats_available":
                raise _error(answer.code, answer.detail)
            pause = min(_LONGEST_DENIED_PAUSE, _DENIED_PAUSE * 2**denials) * (0.5 + random() / 2)
            denials, silent_since = denials + 1, None
            again = source.monotonic() - begun + pause <= options.wait
            retry_at = around.clock.now() + pause if again else None
            numbers = {"seats_used": answer.seats_used, "seats_total": answer.seats_total}
            around.emit(Event("denied", retry_at=retry_at, **numbers))
            if not again:
                raise SeatError(answer.code, _ADVICE[answer.code], **numbers)
            time.sleep(pause / 1000)
            continue
        kept, why = _read_kept(around)
        if kept is not None:
            return kept, answer
        if not failed((answer.retry_after or 0) * 1000):
            message = f"{answer.message} {why}"
            raise SeatError(answer.code, message, retry_after=answer.retry_after, kept=why) from answer.cause


def _error(code: str, detail: str, **details: Any) -> SeatError:
    explained = detail and code in ("license_invalid", "clock_wrong", "invalid_request")
    return SeatError(code, f"{_ADVICE[code]} ({detail})" if explained else _ADVICE[code], **details)


def _invalid(around: Surroundings, granted: Granted, license: License) -> SeatError:
    if license.reason not in _CLOCK_MAY_BE_WRONG:
        return _error("license_invalid", license.message, reason=license.reason)
    signed = parse_time(granted.license.get("signed_at")) if isinstance(granted.license, dict) else None
    there = "another time" if signed is None else format_time(signed)
    here = format_time(around.options.source.now())
    return _error("clock_wrong", f"it is {here} here and {there} there", reason=license.reason)


def _read_kept(around: Surroundings):
    """The licence of an earlier run, if it is still good, or why there is none."""
    kept = around.cache.load()
    if kept.license is None:
        return None, _NOTHING_KEPT[kept.why_nothing]
    license = around.verify(kept.license)
    if license.valid and not license.works_offline:
        return None, _NOTHING_KEPT["strict"]
    if license.valid:
        around.cache.note_time(TIME_NOTED_EVERY)
        return license, ""
    around.refused_license(license)
    return None, f"The licence of the last run is not used: {license.message}"


class Seat:
    """
    A seat that is kept until it is released, lost, or the program ends. A context manager: its end gives the seat back.

    A thread of its own renews it, which keeps no program running. After `os.fork` the seat is the parent's: a child calls
    `hold` for itself, and shares the machine's seat.
    """

    def __init__(self, around: Surroundings, license: License, first: Union[Granted, Unavailable]):
        self._around, self._license = around, license
        self._state, self._lease = "held", None  # type: str, Optional[_Lease]
        self._interval, self._failures, self._renew_not_before = 120_000.0, 0, 0.0
        self._verdict: Optional[str] = None
        self._wake, self._leaving = threading.Condition(), False
        self._ended = threading.Event()
        self._foreign = False
        if isinstance(first, Granted):
            self._hold(license, first)
            pause = self._interval * (0.25 + 0.75 * random())
        else:
            pause = self._fail(first)
        self._thread = threading.Thread(target=self._renew_until_end, args=(pause,), name="countersign", daemon=True)
        self._thread.start()

    @property
    def state(self) -> str:
        """`held`, `offline`, `lost` or `released`."""
        return self._state

    @property
    def license(self) -> License:
        """The latest one that verified."""
        return self._license

    def has_feature(self, name: str) -> bool:
        return self._license.has_feature(name)

    def feature(self, name: str):
        return self._license.feature(name)

    def wait(self, timeout: Optional[float] = None) -> bool:
        """Waits until the seat is lost or given back, at most so many seconds. Returns whether it is."""
        return self._ended.wait(timeout)

    def release(self, timeout: Optional[float] = None) -> None:
        """Gives the seat back; repeating it does nothing. Never raises: a seat that cannot be given back ends with its lease."""
        if self._foreign:
            return
        with self._wake:
            self._leaving = True
            self._wake.notify_all()
        self._ended.wait(timeout)

    def __enter__(self) -> "Seat":
        return self

    def __exit__(self, *_: Any) -> None:
        self.release()

    def _disown(self) -> None:
        """In a forked child: the seat, and its thread, are the parent's."""
        self._foreign = True

    # The seat's own thread.

    def _renew_until_end(self, pause: float) -> None:
        while not self._ended.is_set():
            self._sleep(pause)
            if self._ended.is_set():
                return
            if self._leaving:
                self._give_back()
                return
            pause = self._step()

    def _sleep(self, pause: float) -> None:
        clock, source = self._around.clock, self._around.options.source
        pause = max(_SHORTEST_WAIT, min(pause, self._license.times.end - clock.now()))
        due, monotonic_due = clock.now() + pause, source.monotonic() + pause
        noted = float("-inf")
        while not self._leaving:
            left = min(due - clock.now(), monotonic_due - source.monotonic())
            if left <= 0:
                return
            if self._state == "offline" and source.monotonic() - noted >= TIME_NOTED_EVERY or noted == float("-inf"):
                noted = source.monotonic()
                self._around.cache.note_time(min(left, TIME_NOTED_EVERY))
            with self._wake:
                if not self._leaving:
                    self._wake.wait(min(left, _LONGEST_SLEEP) / 1000)

    def _step(self) -> float:
        """One call, and what follows from its answer. Returns milliseconds until the next one."""
        around, now = self._around, self._around.clock.now()
        times = self._license.times
        if refusal_at(times, now) is not None:
            return self._acquire(now, _LAST_QUESTION)
        if self._lease is None:
            return self._acquire(now)
        strict = times.valid_until is not None and times.valid_until <= self._lease.ends_at
        if not strict and times.valid_until is not None and now >= self._renew_not_before:
            signed = times.signed_at if times.signed_at is not None else now
            if now >= signed + (times.valid_until - signed) / 2:
                self._renew_not_before = now + _RENEWAL_PAUSE
                around.emit(Event("renewing", valid_until=times.valid_until))
                return self._acquire(now, renewing=True)
        return self._beat(strict)

    def _acquire(self, since: float, timeout: float = float("inf"), renewing: bool = False) -> float:
        answer, license = self._around.acquire(timeout)
        if isinstance(answer, Granted):
            if license.valid:
                return self._hold(license, answer)
            self._around.refused_license(license)
            return self._judge(self._hold(self._license, answer), since)
        if isinstance(answer, Refused):
            if answer.code == "no_seats_available":
                numbers = {"seats_used": answer.seats_used, "seats_total": answer.seats_total}
                self._around.emit(Event("denied", **numbers))
            return self._lose(answer.code)
        if self._verdict is not None:
            return self._lose(self._verdict)
        # A licence that could not be renewed hinders no heartbeat.
        if renewing and self._lease is not None:
            return self._beat(False)
        return self._judge(self._fail(answer), since)

    def _beat(self, strict: bool) -> float:
        lease = self._lease
        if lease is None:
            return self._acquire(self._around.clock.now())
        answer, license = self._around.heartbeat(lease.session_id, strict)
        if isinstance(answer, Unavailable):
            return self._judge(self._fail(answer), None)
        if isinstance(answer, Ended):
            self._lease = None
            self._verdict = answer.reason if answer.reason in _VERDICTS else None
            if answer.reason in _FINAL:
                return self._lose(answer.reason)
            return self._acquire(self._around.clock.now())
        lease.ends_at = answer.lease_ends_at
        if license is not None and license.valid:
            self._license = license
        elif license is not None:
            self._around.refused_license(license)
        was_offline = self._state == "offline"
        self._state, self._failures = "held", 0
        if was_offline:
            self._around.emit(Event("online", lease_ends_at=lease.ends_at))
        return self._judge(self._next_heartbeat(), None)

    def _next_heartbeat(self) -> float:
        return self._interval * (1 - random() / 8)

    def _hold(self, license: License, granted: Granted) -> float:
        self._state, self._license = "held", license
        self._lease = _Lease(granted.session_id, granted.lease_ends_at)
        self._interval, self._failures, self._verdict = granted.interval, 0, None
        self._around.emit(
            Event(
                "held",
                lease_ends_at=granted.lease_ends_at,
                valid_until=license.times.valid_until,
                seats_used=granted.seats_used,
                seats_total=granted.seats_total,
            )
        )
        return self._next_heartbeat()

    def _fail(self, failure: Unavailable) -> float:
        was_offline, self._state = self._state == "offline", "offline"
        self._failures += 1
        retry_after = (failure.retry_after or 0) * 1000
        retry = _retry_delay(self._failures, self._interval * 0.2, self._interval, retry_after)
        lease = self._lease
        if lease is not None:
            # Once more before the lease is over, and not at its last moment.
            last = lease.ends_at - self._around.clock.now() - self._interval * (0.05 + 0.9 * random())
            if _SHORTEST_WAIT < last < retry:
                retry = max(last, retry_after)
        if not was_offline:
            ends = None if lease is None else lease.ends_at
            until = self._license.times.valid_until
            event = Event("offline", failure.message, code=failure.code, lease_ends_at=ends, valid_until=until)
            self._around.emit(event)
        return retry

    def _judge(self, pause: float, asked_since: Optional[float]) -> float:
        """A licence that is over ends the seat once the server has been asked since its end."""
        if self._ended.is_set():
            return pause
        now = self._around.clock.now()
        refusal = refusal_at(self._license.times, now)
        if refusal not in ("expired", "stale"):
            return pause
        if asked_since is not None and asked_since >= self._license.times.end:
            return self._lose("license_expired" if refusal == "expired" else "offline_too_long")
        return self._acquire(now, _LAST_QUESTION)

    def _lose(self, reason: str) -> float:
        message = _LOSSES.get(reason) or _ADVICE[reason]
        lease, self._state = self._lease, "lost"
        self._around.cache.forget("refused")
        self._around.emit(Event("lost", message, reason=reason))
        self._ended.set()
        if lease is not None:
            self._around.api.release(lease.session_id)
        return float("inf")

    def _give_back(self) -> None:
        session = self._lease.session_id if self._lease else None
        if session is None and self._failures > 0:
            # That of an earlier run, which stands in its licence.
            named = self._license.claims.get("session_id")
            session = named if isinstance(named, str) else None
        self._state = "released"
        outcome: Union[Released, Unavailable] = Released(False)
        for attempt in range(1, 4):
            if session is None:
                break
            outcome = self._around.api.release(session)
            if isinstance(outcome, Released) or attempt == 3:
                break
            time.sleep(0.5 * attempt)
        confirmed = isinstance(outcome, Released)
        still_held = isinstance(outcome, Released) and outcome.still_held
        if confirmed and not still_held:
            self._around.cache.forget("released")
        self._around.emit(Event("released", confirmed=confirmed, still_held=still_held))
        self._ended.set()


def read_options(
    url: str,
    license_key: str,
    product: str,
    keys: Any,
    *,
    application: Optional[str] = None,
    hardware_id: Optional[str] = None,
    user_email: Optional[str] = None,
    hostname: Union[str, bool, None] = None,
    platform_name: Union[str, bool, None] = None,
    client_version: Optional[str] = None,
    storage: Union[Storage, str, None] = None,
    on_event: Optional[Listener] = None,
    wait: float = 0.0,
    patience: float = 30.0,
    timeout: float = 10.0,
) -> Options:
    """Options as they are used. Raises `TypeError` that names the option: a mistake in the program, not in the world."""
    product = _text("product", product, "the product that your program is", clean_text)
    if keys is None or keys == "":
        raise TypeError("keys: give root_key(...) with the root key that `countersign root` prints")
    given = None if hardware_id is None else _text("hardware_id", hardware_id, "1 to 256 characters", clean_text)
    if given is not None and len(given) > 256:
        raise TypeError("hardware_id: give 1 to 256 characters, or leave it out")
    if on_event is not None and not callable(on_event):
        raise TypeError(f"on_event: give a function, not {on_event!r}")
    shown = {
        "user_email": _shown("user_email", user_email, None),
        "hostname": _shown("hostname", hostname, socket.gethostname()),
        "platform": _shown("platform_name", platform_name, f"{sys.platform}-{platform.machine()}"),
        "client_version": _shown("client_version", client_version, None),
    }
    return Options(
        url=_url(url),
        license_key=_text("license_key", license_key, "the key of the licence", normalize_license_key),
        product=product,
        keys=keys,
        application=_text("application", application or product, "a short name of your program", clean_text),
        hardware_id=given,
        shown=shown,
        storage=storage,
        on_event=on_event,
        wait=_milliseconds("wait", wait),
        patience=_milliseconds("patience", patience),
        timeout=_milliseconds("timeout", timeout),
    )


def _text(name: str, value: Any, what: str, clean: Callable[[str], str]) -> str:
    if not isinstance(value, str):
        hint = " (is the variable set that it is read from?)" if value is None else ""
        raise TypeError(f"{name}: give {what}, not {value!r}{hint}")
    text = clean(value)
    if not text:
        raise TypeError(f"{name}: give {what}, not an empty text")
    return text


def _shown(name: str, value: Any, found: Optional[str]) -> Optional[str]:
    """What administrators see: what the program says, else what the machine is; nothing where it says False."""
    if value is False:
        return None
    if value is None:
        return found
    if not isinstance(value, str):
        raise TypeError(f"{name}: give a text, not {value!r}")
    return clean_text(value) or None


def _url(value: Any) -> str:
    text = _text("url", value, "the http or https address of the licence server", lambda given: given.strip())
    text = clean_text(text).lstrip("<").rstrip(">")
    scheme, _, rest = text.partition("://")
    host = rest.split("/", 1)[0]
    if scheme.lower() not in ("http", "https") or not host or "@" in host or set("?#") & set(text) or " " in text:
        # Not the text: it may hold a password.
        raise TypeError(
            "url: give the http or https address of the licence server alone, without name and password, query and fragment"
        )
    return text.rstrip("/")


def _milliseconds(name: str, seconds: Any) -> float:
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not seconds >= 0:
        raise TypeError(f"{name}: give seconds, 0 or more")
    return seconds * 1000
