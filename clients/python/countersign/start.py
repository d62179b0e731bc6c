"""How a seat begins: granted by the server, from the licence of an earlier run, or from a licence file."""
from random import random
from typing import Any, Optional

from .api import Granted, Queued, Refused
from .backoff import SHORTEST_WAIT, retry_delay
from .cache import TIME_NOTED_EVERY
from .error import SeatError, no_answer, seat_error
from .events import Event
from .license import License
from .surroundings import Surroundings
from .times import format_time, parse_time

_NOTHING_KEPT = {
    None: "No licence of an earlier run is kept here.",
    "released": "The last run gave its seat back, so its licence was not kept.",
    "strict": "This licence works only while the server answers, so nothing was kept.",
    "refused": "The licence of the last run was ended by the server.",
}

_KEYS_MAY_COME = ("keys_unavailable", "unknown_key", "keys_expired")
_CLOCK_MAY_BE_WRONG = ("not_yet_valid", "stale", "expired")
#: Milliseconds, like all that follow.
_DENIED_PAUSE = 20_000
_LONGEST_DENIED_PAUSE = 300_000
_LONGEST_AT_START = 60_000


def acquire_first(around: Surroundings):
    """
    Asks until there is a seat. Returns its licence and what was granted, or the failure that it stands in for; None in
    place of both for the licence file of a machine without a network.
    """
    if around.options.license_file is not None:
        return _read_file(around, around.options.license_file), None
    try:
        return _acquire_online(around)
    finally:
        around.queue.leave()


def _acquire_online(around: Surroundings):
    options, source = around.options, around.options.source
    begun = source.monotonic()
    silent_since: Optional[float] = None
    failures = denials = 0

    def failed(retry_after: float) -> bool:
        nonlocal silent_since, failures
        failures = 1 if silent_since is None else failures + 1
        silent_since = source.monotonic() if silent_since is None else silent_since
        pause = retry_delay(failures, SHORTEST_WAIT, _LONGEST_AT_START, retry_after)
        within = source.monotonic() - silent_since + pause <= options.patience
        # A server that says when to come back is there, and is waited for as long as a free seat is.
        if not within and not (retry_after > 0 and source.monotonic() - begun + pause <= options.wait):
            return False
        options.cancel.wait(pause / 1000)
        return True

    def queued(poll_after: float) -> bool:
        """The server says when to ask again."""
        nonlocal silent_since
        silent_since = None
        left = options.wait - (source.monotonic() - begun)
        if left > 0:
            options.cancel.wait(min(poll_after, left) / 1000)
        return left > 0

    while True:
        if options.cancel.is_set():
            raise seat_error("aborted")
        answer, license = around.acquire(queue=around.queue.max_wait_seconds)
        around.queue.answered(answer)
        # A borrowed seat stays this machine's.
        unwanted = answer.session_id if isinstance(answer, Granted) and answer.borrowed_until is None else None
        if options.cancel.is_set():
            if unwanted is not None:
                around.api.release(unwanted)
            raise seat_error("aborted")
        if isinstance(answer, Granted):
            if license.valid:
                return license, answer
            around.refused_license(license)
            if license.reason in _KEYS_MAY_COME and failed(0):
                continue
            if unwanted is not None:
                around.api.release(unwanted)
            raise _invalid(around, answer.license, license)
        if isinstance(answer, Queued):
            if not queued(answer.poll_after):
                raise seat_error("no_seats_available")
            continue
        if isinstance(answer, Refused):
            if answer.code not in ("no_seats_available", "queue_full"):
                raise seat_error(answer.code, answer.detail)
            pause = min(_LONGEST_DENIED_PAUSE, _DENIED_PAUSE * 2**denials) * (0.5 + random() / 2)
            denials, silent_since = denials + 1, None
            again = source.monotonic() - begun + pause <= options.wait
            retry_at = around.clock.now() + pause if again else None
            numbers = {"seats_used": answer.seats_used, "seats_total": answer.seats_total}
            around.emit(Event("denied", retry_at=retry_at, **numbers))
            if not again:
                raise seat_error(answer.code, **numbers)
            options.cancel.wait(pause / 1000)
            continue
        kept, why = _read_kept(around)
        if kept is not None:
            return kept, answer
        if not failed((answer.retry_after or 0) * 1000):
            raise no_answer(answer, why)


def _read_file(around: Surroundings, file: str) -> License:
    around.cache.load()  # the latest time that was seen
    license = around.verify(file)
    if around.options.cancel.is_set():
        raise seat_error("aborted")
    if not license.valid:
        raise _invalid(around, file, license)
    if not license.borrowed:
        raise seat_error("license_invalid", "The licence in the file is not borrowed.")
    around.cache.save(file)
    return license


def _invalid(around: Surroundings, answered: Any, license: License) -> SeatError:
    if license.reason not in _CLOCK_MAY_BE_WRONG:
        return seat_error("license_invalid", license.message, reason=license.reason)
    signed = parse_time(answered.get("signed_at")) if isinstance(answered, dict) else None
    there = "another time" if signed is None else format_time(signed)
    here = format_time(around.options.source.now())
    return seat_error("clock_wrong", f"it is {here} here and {there} there", reason=license.reason)


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
