"""Times of licences, in milliseconds since the epoch."""
import datetime
import re
from typing import Any, Mapping, NamedTuple, Optional

#: How far clocks that are right may differ, in milliseconds. The one tolerance there is.
CLOCK_TOLERANCE = 5 * 60_000
DAY = 86_400_000
#: A licence file works for no longer than this from its signing on, in milliseconds.
LONGEST_FILE = 366 * DAY

_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})T(?!24)(\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})", re.ASCII
)
_EARLIEST = 946_684_800_000
_LATEST = 253_370_764_800_000
_EPOCH = datetime.datetime(1970, 1, 1)


def parse_time(text: Any) -> Optional[int]:
    """An RFC 3339 time with its zone, of the years 2000 to 9998; None for anything else."""
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    day, clock, fraction, zone = found.groups()
    try:
        moment = datetime.datetime.strptime(f"{day}T{clock}", "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        return None
    offset = 0
    if zone != "Z":
        hours, minutes = int(zone[1:3]), int(zone[4:6])
        if hours > 23 or minutes > 59:
            return None
        offset = (hours * 60 + minutes) * (1 if zone[0] == "+" else -1)
    seconds = (moment - _EPOCH) // datetime.timedelta(seconds=1) - offset * 60
    milliseconds = seconds * 1000 + int((fraction or "0").ljust(3, "0")[:3])
    return milliseconds if _EARLIEST <= milliseconds < _LATEST else None


def format_time(milliseconds: float) -> str:
    """RFC 3339 in UTC with milliseconds."""
    moment = _EPOCH + datetime.timedelta(milliseconds=int(milliseconds))
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


class Times(NamedTuple):
    signed_at: Optional[int] = None
    #: When the licence itself ends.
    expires_at: Optional[int] = None
    #: Until when this copy works without asking the server.
    valid_until: Optional[int] = None

    @property
    def end(self) -> float:
        for time in (self.valid_until, self.expires_at):
            if time is not None:
                return time
        return float("inf")


def read_times(claims: Mapping[str, Any]) -> Optional[Times]:
    """
    A member that is absent or null bounds nothing; a borrowed copy must say until when it is borrowed, and works no longer.
    None when one of them is no time.
    """
    found = {}
    for name in ("signed_at", "expires_at", "valid_until", "borrowed_until"):
        value = claims.get(name)
        found[name] = None if value is None else parse_time(value)
        if value is not None and found[name] is None and (name != "borrowed_until" or claims.get("mode") == "borrowed"):
            return None
    signed_at, expires_at, valid_until, borrowed_until = found.values()
    if claims.get("mode") == "borrowed":
        if borrowed_until is None:
            return None
        valid_until = borrowed_until if valid_until is None else min(valid_until, borrowed_until)
    # In the grace after the licence's end a seat is good as long as its copy says.
    if claims.get("kind") == "seat" and claims.get("in_grace") is True and valid_until is not None:
        expires_at = None
    return Times(signed_at, expires_at, valid_until)


def refusal_at(times: Times, now: float) -> Optional[str]:
    if times.signed_at is not None and times.signed_at > now + CLOCK_TOLERANCE:
        return "not_yet_valid"
    if times.expires_at is not None and times.expires_at <= now:
        return "expired"
    return "stale" if times.valid_until is not None and times.valid_until <= now else None
