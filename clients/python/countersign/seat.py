"""A seat that is kept: renewed until the end, borrowed, given back."""
import math
import os
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from random import random
from typing import Any, Deque, Optional, Tuple, Union

from .api import Ended, Granted, NotAllowed, Queued, Refused, Released, ReleaseAnswer
from .backoff import SHORTEST_WAIT, retry_delay
from .cache import TIME_NOTED_EVERY
from .error import ADVICE, LOSSES, SeatError, no_answer, seat_error
from .events import Event
from .failure import Unavailable
from .license import License
from .surroundings import Surroundings
from .times import refusal_at

#: Somebody has taken the seat on purpose, so it is not asked for again.
_FINAL = ("admin_released", "moved", "self_released", "recalled")
#: What the server ended a session for with its last word; anything else is mended by acquiring again.
_VERDICTS = ("license_suspended", "license_expired")

#: Milliseconds, like all that follow.
_RENEWAL_PAUSE = 120_000
#: Less than the 5 s by which a lease outlives its end on the server, so that nobody else has the seat meanwhile.
_LAST_QUESTION = 4_000
#: Sleeping threads and timers stand still while a machine sleeps: between such pieces the clock is looked at.
_LONGEST_SLEEP = 30_000
#: A borrowed seat is this machine's anyway: it is looked at now and then, whether it was recalled.
_BORROWED_INTERVAL = 900_000


@dataclass
class _Lease:
    session_id: str
    ends_at: float


@dataclass
class _Wish:
    """What the program asks for beside holding the seat; done by the seat's thread, when no other call is under way."""

    name: str
    seconds: Optional[int] = None
    error: Optional[SeatError] = None
    done: threading.Event = field(default_factory=threading.Event)

    def settle(self, error: Optional[SeatError]) -> None:
        self.error = error
        self.done.set()


class Seat:
    """
    A seat that is kept until it is released, lost, or the program ends. A context manager: its end gives the seat back.

    A thread of its own renews it, which keeps no program running. After `os.fork` the seat is the parent's: a child calls
    `hold` for itself, and shares the machine's seat.
    """

    def __init__(self, around: Surroundings, license: License, first: Union[Granted, Unavailable, None]):
        self._around, self._license = around, license
        self._state = "held"
        self._lease: Optional[_Lease] = None
        self._is_file = first is None
        self._process = os.getpid()
        self._interval, self._failures, self._renew_not_before = 120_000.0, 0, 0.0
        self._verdict: Optional[str] = None
        self._wake, self._leaving = threading.Condition(), False
        self._wishes: Deque[_Wish] = deque()
        self._ended = threading.Event()
        if isinstance(first, Granted):
            self._hold(license, first)
            pause = self._pace * (0.25 + 0.75 * random())
        elif first is not None:
            pause = self._fail(first)
        else:
            self._state, pause = "borrowed", float("inf")
            self._tell_borrowed()
        self._thread = threading.Thread(target=self._renew_until_end, args=(pause,), name="countersign", daemon=True)
        self._thread.start()

    @property
    def state(self) -> str:
        """`held`, `offline`, `borrowed`, `lost` or `released`."""
        return self._state

    @property
    def license(self) -> License:
        """The latest one that verified."""
        return self._license

    @property
    def borrowed_until(self) -> Optional[float]:
        """Until when the seat is borrowed, in milliseconds since the epoch; None for one that is not."""
        return self._license.times.valid_until if self._license.borrowed else None

    def has_feature(self, name: str) -> bool:
        return self._license.has_feature(name)

    def feature(self, name: str):
        return self._license.feature(name)

    def wait(self, timeout: Optional[float] = None) -> bool:
        """Waits until the seat is lost or given back, at most so many seconds. Returns whether it is."""
        return self._ended.wait(timeout)

    def borrow(self, seconds: Optional[float] = None) -> None:
        """
        Borrows the seat: then it is this machine's until `borrowed_until`, works without the server, and outlives the
        program. Borrowing a borrowed seat again makes it longer, never shorter.

        `seconds`: an hour at least; default: as many as the licence allows. Raises `SeatError`, by its `code`, when that
        cannot be; the seat is held on as before. To be called in any thread but the one that calls `on_event`.
        """
        if seconds is not None and (
            isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds < math.inf
        ):
            raise TypeError("seconds: give a number of seconds")
        self._fulfil(_Wish("borrow", None if seconds is None else math.ceil(seconds)))

    def return_borrowed(self) -> None:
        """
        Gives a borrowed seat back before its time, for every program of this machine. Raises `SeatError`, by its `code`,
        when that cannot be; the seat stays borrowed. To be called in any thread but the one that calls `on_event`.
        """
        self._fulfil(_Wish("return"))

    def _fulfil(self, wish: "_Wish") -> None:
        if threading.current_thread() is self._thread:
            raise RuntimeError("borrow and return_borrowed wait for the thread that calls on_event: call them in another one")
        with self._wake:
            if self._is_foreign or self._leaving or self._ended.is_set():
                raise seat_error("not_held")
            self._wishes.append(wish)
            self._wake.notify_all()
        wish.done.wait()
        if wish.error is not None:
            raise wish.error

    def release(self, timeout: Optional[float] = None) -> None:
        """
        Gives the seat back, except a borrowed one, which is kept for the next start; repeating it does nothing. Never
        raises: a seat that cannot be given back ends with its lease.
        """
        if self._is_foreign:
            return
        with self._wake:
            self._leaving = True
            self._wake.notify_all()
        # What is called with an event runs in the seat's own thread, which gives the seat back after it.
        if threading.current_thread() is not self._thread:
            self._ended.wait(timeout)

    def __enter__(self) -> "Seat":
        return self

    def __exit__(self, *_: Any) -> None:
        self.release()

    @property
    def _is_foreign(self) -> bool:
        """In a forked child: the seat, and its thread, are the parent's. A lock may be held there for ever."""
        return os.getpid() != self._process

    @property
    def _pace(self) -> float:
        return max(self._interval, _BORROWED_INTERVAL) if self._license.borrowed else self._interval

    # The seat's own thread.

    def _renew_until_end(self, pause: float) -> None:
        try:
            while not self._ended.is_set():
                self._sleep(pause)
                with self._wake:
                    wish = self._wishes.popleft() if self._wishes and not self._leaving else None
                if self._leaving:
                    self._give_back()
                elif wish is not None:
                    pause = self._begin(wish)
                else:
                    pause = self._step()
        finally:
            self._ended.set()
            with self._wake:
                left, self._wishes = self._wishes, deque()
            for wish in left:
                wish.settle(seat_error("not_held"))

    def _sleep(self, pause: float) -> None:
        clock, source = self._around.clock, self._around.options.source
        pause = max(SHORTEST_WAIT, min(pause, self._license.times.end - clock.now()))
        due, monotonic_due = clock.now() + pause, source.monotonic() + pause
        noted = float("-inf")
        while not self._leaving and not self._wishes:
            left = min(due - clock.now(), monotonic_due - source.monotonic())
            if left <= 0:
                return
            if self._state in ("offline", "borrowed") and source.monotonic() - noted >= TIME_NOTED_EVERY or noted == float("-inf"):
                noted = source.monotonic()
                self._around.cache.note_time(min(left, TIME_NOTED_EVERY))
            with self._wake:
                if not self._leaving and not self._wishes:
                    self._wake.wait(min(left, _LONGEST_SLEEP) / 1000)

    def _step(self) -> float:
        """One call, and what follows from its answer. Returns milliseconds until the next one."""
        around, now = self._around, self._around.clock.now()
        times = self._license.times
        refusal = refusal_at(times, now)
        if self._is_file:
            return float("inf") if refusal is None else self._lose(self._end_reason(refusal))
        if refusal is not None:
            return self._ask_last(now)
        if self._lease is None:
            return self._acquire(now)
        if self._license.borrowed:
            return self._beat(False)
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
        if self._leaving:
            return self._leave_with(answer, license)
        if isinstance(answer, Granted):
            if license.valid:
                return self._hold(license, answer)
            # The server's clock is behind by as long as an answer takes: at the end it may still have the copy that is over.
            late = self._around.clock.now() - self._license.times.end
            if license.reason == "stale" and 0 <= late < _LAST_QUESTION:
                self._lease = _Lease(answer.session_id, answer.lease_ends_at)
                return SHORTEST_WAIT
            self._around.refused_license(license)
            return self._judge(self._hold(self._license, answer), since)
        if isinstance(answer, Refused):
            # The user's token has ended and not the session, whose id is a credential of its own.
            if renewing and self._lease is not None and answer.code == "unauthenticated":
                return self._beat(True)
            if answer.code == "no_seats_available":
                numbers = {"seats_used": answer.seats_used, "seats_total": answer.seats_total}
                self._around.emit(Event("denied", **numbers))
            return self._lose(answer.code)
        if isinstance(answer, Queued):
            return self._lose("no_seats_available")  # not asked for while a seat is held
        if self._verdict is not None:
            return self._lose(self._verdict)
        # A licence that could not be renewed hinders no heartbeat.
        if renewing and self._lease is not None:
            return self._beat(answer.code == "user_token_failed")
        return self._judge(self._fail(answer), since)

    def _leave_with(self, answer: Any, license: Optional[License]) -> float:
        """The seat is to be given back meanwhile, unless another program of this machine has borrowed it."""
        if isinstance(answer, Granted):
            self._lease = _Lease(answer.session_id, answer.lease_ends_at)
            if license is not None and license.valid:
                self._license = license
        return 0

    def _beat(self, refresh: bool) -> float:
        lease = self._lease
        if lease is None:
            return self._acquire(self._around.clock.now())
        answer, license = self._around.heartbeat(lease.session_id, refresh)
        if isinstance(answer, Ended) and answer.reason != "borrowed":
            # Borrowed by another program of this machine it goes on, under an id of its own that acquiring tells.
            self._lease = None
        if self._leaving:
            return 0
        if isinstance(answer, Unavailable):
            return self._judge(self._fail(answer), None)
        if isinstance(answer, Ended):
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
        self._state, self._failures = self._state_with(self._license), 0
        if was_offline:
            self._around.emit(Event("online", lease_ends_at=lease.ends_at))
        return self._judge(self._next_heartbeat(), None)

    def _next_heartbeat(self) -> float:
        return self._pace * (1 - random() / 8)

    @staticmethod
    def _state_with(license: License) -> str:
        return "borrowed" if license.borrowed else "held"

    def _tell_borrowed(self) -> None:
        self._around.emit(Event("borrowed", borrowed_until=self.borrowed_until, valid_until=self.borrowed_until))

    def _hold(self, license: License, granted: Granted) -> float:
        told = self.borrowed_until if self._state == "borrowed" else None
        self._state, self._license = self._state_with(license), license
        self._lease = _Lease(granted.session_id, granted.lease_ends_at)
        self._interval, self._failures, self._verdict = granted.interval, 0, None
        if license.borrowed:
            if told != self.borrowed_until:
                self._tell_borrowed()
            return self._next_heartbeat()
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
        if self._license.borrowed:
            # A borrowed seat needs no server, so its absence is no news.
            was_borrowed, self._state = self._state == "borrowed", "borrowed"
            self._failures += 1
            if not was_borrowed:
                self._tell_borrowed()
            return retry_delay(self._failures, self._pace * 0.2, self._pace, (failure.retry_after or 0) * 1000)
        was_offline, self._state = self._state == "offline", "offline"
        self._failures += 1
        retry_after = (failure.retry_after or 0) * 1000
        retry = retry_delay(self._failures, self._interval * 0.2, self._interval, retry_after)
        lease = self._lease
        if lease is not None:
            # Once more before the lease is over, and not at its last moment.
            left = lease.ends_at - self._around.clock.now()
            last = left - self._interval * (0.05 + 0.9 * random())
            if SHORTEST_WAIT < last < retry:
                # Retry-After is kept as long as the lease lasts.
                retry = max(last, retry_after) if retry_after < left - SHORTEST_WAIT else last
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
            return self._lose(self._end_reason(refusal))
        return self._ask_last(now)

    def _ask_last(self, now: float) -> float:
        """The licence at hand is over. It may have been prolonged a moment ago, so the server is asked before anything ends."""
        left = self._license.times.end + _LAST_QUESTION - now
        return self._acquire(now, left if SHORTEST_WAIT < left < _LAST_QUESTION else _LAST_QUESTION)

    def _end_reason(self, refusal: str) -> str:
        if refusal == "expired":
            return "license_expired"
        return "borrow_ended" if self._license.borrowed else "offline_too_long"

    def _begin(self, wish: "_Wish") -> float:
        """Does what the program asks for beside holding the seat. Returns milliseconds until the next call."""
        pause, error = float("inf"), None
        if self._is_file:
            error = seat_error("borrowed_as_file")
        elif wish.name == "borrow":
            pause, error = self._borrow(wish.seconds)
        else:
            pause, error = self._return()
        wish.settle(error)
        return pause

    def _borrow(self, seconds: Optional[int]) -> Tuple[float, Optional[SeatError]]:
        answer, license = self._around.borrow(seconds)
        if isinstance(answer, Granted):
            if license.valid:
                return self._hold(license, answer), None
            # The seat is borrowed, under an id of its own, and the copy at hand is the one from before.
            error = seat_error("license_invalid", license.message, reason=license.reason)
            return self._hold(self._license, answer), error
        if isinstance(answer, Queued):
            return 0, seat_error("no_seats_available")
        if isinstance(answer, Refused):
            numbers = {"seats_used": answer.seats_used, "seats_total": answer.seats_total}
            return 0, seat_error(answer.code, answer.detail, max_seconds=answer.max_seconds, **numbers)
        return 0, no_answer(answer)  # a heartbeat may have become due meanwhile, so it comes next

    def _return(self) -> Tuple[float, Optional[SeatError]]:
        session = self._session() if self._license.borrowed else None
        if session is None:
            return 0, seat_error("not_borrowed")
        answer = self._around.api.release(session)
        if isinstance(answer, NotAllowed):
            return 0, seat_error("early_return_not_allowed", borrowed_until=answer.borrowed_until)
        if isinstance(answer, Unavailable):
            return 0, no_answer(answer)
        self._end_released(confirmed=True, still_held=False)
        return 0, None

    def _session(self) -> Optional[str]:
        """The session as it is known, or that of an earlier run, which stands in its licence."""
        if self._lease is not None:
            return self._lease.session_id
        named = self._license.claims.get("session_id")
        return named if isinstance(named, str) else None

    def _lose(self, reason: str) -> float:
        message = LOSSES.get(reason) or ADVICE[reason]
        lease, self._state = self._lease, "lost"
        self._around.cache.forget("refused")
        self._around.emit(Event("lost", message, reason=reason))
        self._ended.set()
        if lease is not None and not self._license.borrowed:
            self._around.api.release(lease.session_id)
        return float("inf")

    def _give_back(self) -> None:
        if self._license.borrowed:  # it outlives the program
            return self._end_released(confirmed=True, still_held=True)
        session = self._session() if self._lease is not None or self._failures > 0 else None
        self._state = "released"
        outcome: ReleaseAnswer = Released(False)
        for attempt in range(1, 4):
            if session is None:
                break
            outcome = self._around.api.release(session)
            if not isinstance(outcome, Unavailable) or attempt == 3:
                break
            time.sleep(0.5 * attempt)
        # Not allowed: another program of this machine has borrowed the seat meanwhile.
        still_held = isinstance(outcome, NotAllowed) or isinstance(outcome, Released) and outcome.still_held
        self._end_released(confirmed=not isinstance(outcome, Unavailable), still_held=still_held)

    def _end_released(self, confirmed: bool, still_held: bool) -> None:
        self._state = "released"
        if confirmed and not still_held:
            self._around.cache.forget("released")
        self._around.emit(Event("released", confirmed=confirmed, still_held=still_held))
        self._ended.set()
