"""Why there is no seat, and why one is lost."""
from typing import Any, Optional

from .failure import Unavailable

ADVICE = {
    "no_seats_available": "All seats of the licence are in use: close the program on another machine, or set `wait`.",
    "license_not_found": "There is no licence with this key: check how it was typed or copied.",
    "license_expired": "The licence has ended: renew it with your vendor.",
    "license_suspended": "The licence is suspended: ask your vendor why.",
    "license_invalid": "The licence does not verify, so it was not used.",
    "clock_wrong": "The clock of this machine differs from the time of the licence server by too much: set the clock.",
    "invalid_request": "The server does not understand the request: check the options, and update this library.",
    "queue_full": "All seats are in use, and so is every place in the queue: try again later.",
    "machine_limit_reached": "The licence was used on as many machines as it allows today: use one of them, or try tomorrow.",
    "unauthenticated": "The licence is for named users: use the key that is your own.",
    "user_not_named": "You are not on the list of users of the licence: ask its administrator.",
    "held_elsewhere": "You hold a seat on another machine: close the program there.",
    "borrow_not_allowed": "Seats of this licence cannot be borrowed: ask your vendor for it.",
    "borrow_too_long": "Seats of this licence cannot be borrowed for so long: ask for less.",
    "no_borrow_available": "As many seats are borrowed as may be at once: return one, or try again later.",
    "early_return_not_allowed": "Borrowed seats of this licence do not come back before their time.",
    "not_borrowed": "There is no borrowed seat here.",
    "not_held": "The seat is not held any more: take one first.",
    "borrowed_as_file": "The seat was borrowed as a file, by an administrator: only they can return it.",
    "aborted": "Waiting for a seat was given up.",
}

LOSSES = {
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
    "borrow_ended": "The time for which the seat was borrowed is over: connect and start again.",
}

#: Their advice is general, so that the detail is added.
_EXPLAINED = ("license_invalid", "clock_wrong", "invalid_request")


class SeatError(Exception):
    """Why there is no seat, or why one was not borrowed or returned. The message says what to do; decide by `code`."""

    def __init__(self, code: str, message: str, **details: Any):
        super().__init__(message)
        self.code = code
        #: For `license_invalid` and `clock_wrong`: what was wrong with the licence that was answered.
        self.reason: Optional[str] = details.get("reason")
        self.seats_used: int = details.get("seats_used", 0)
        self.seats_total: int = details.get("seats_total", 0)
        #: Seconds, where the server said when to come back.
        self.retry_after: Optional[float] = details.get("retry_after")
        #: For `borrow_too_long`: the most seconds.
        self.max_seconds: Optional[float] = details.get("max_seconds")
        #: For `early_return_not_allowed`: milliseconds since the epoch.
        self.borrowed_until: Optional[float] = details.get("borrowed_until")
        #: When the server gave no answer: why there was no start with the licence of the last run either.
        self.kept: Optional[str] = details.get("kept")


def seat_error(code: str, detail: str = "", **details: Any) -> SeatError:
    """The server has answered, or the program gave up."""
    explained = detail and code in _EXPLAINED
    return SeatError(code, f"{ADVICE[code]} ({detail})" if explained else ADVICE[code], **details)


def no_answer(failure: Unavailable, kept: Optional[str] = None) -> SeatError:
    """The server gave no answer; at a start no licence is kept that could stand in for it, either."""
    message = failure.message if kept is None else f"{failure.message} {kept}"
    error = SeatError(failure.code, message, retry_after=failure.retry_after, kept=kept)
    error.__cause__ = failure.cause
    return error
