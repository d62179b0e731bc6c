"""The calls. None of them raises: what goes wrong is an answer."""
import json
import math
import re
import urllib.error
import urllib.request
from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple, Union

from .failure import Unavailable, failure_of, failure_of_answer, unavailable
from .times import parse_time
from .user_token import TokenSource, UserToken

ACQUIRE = "/api/v1/licenses/acquire"
HEARTBEAT = "/api/v1/licenses/heartbeat"
RELEASE = "/api/v1/licenses/release"
BORROW = "/api/v1/licenses/borrow"
LEAVE_QUEUE = "/api/v1/licenses/queue/leave"
_REFUSALS = (
    "no_seats_available",
    "license_expired",
    "license_suspended",
    "license_not_found",
    "invalid_request",
    "queue_full",
    "machine_limit_reached",
    "unauthenticated",
    "user_not_named",
    "held_elsewhere",
    "borrow_not_allowed",
    "borrow_too_long",
    "no_borrow_available",
)
#: A program that is being ended has two seconds for everything.
_LEAVE_TIMEOUT = 1.5


class Granted(NamedTuple):
    session_id: str
    #: Milliseconds since the epoch, by the server's clock.
    lease_ends_at: int
    #: Milliseconds between heartbeats.
    interval: float
    seats_used: int
    seats_total: int
    #: Not verified.
    license: Any
    #: The seat is this machine's until then, whoever runs on it.
    borrowed_until: Optional[int] = None


class Queued(NamedTuple):
    """No seat is free, and the server keeps a place for this machine as long as it asks again in time."""

    ticket_id: str
    position: int
    position_exact: bool
    queue_length: int
    #: Milliseconds.
    poll_after: float
    wait_until: Optional[int]
    estimated_wait: Optional[float]


class Refused(NamedTuple):
    code: str
    detail: str = ""
    seats_used: int = 0
    seats_total: int = 0
    #: The most seconds for which a seat may be borrowed, where it was asked for too many.
    max_seconds: Optional[float] = None


class Renewed(NamedTuple):
    lease_ends_at: int
    license: Any = None


class Ended(NamedTuple):
    reason: str


class Released(NamedTuple):
    still_held: bool


class NotAllowed(NamedTuple):
    """The seat is borrowed, and does not come back before its time."""

    borrowed_until: Optional[int]


AcquireAnswer = Union[Granted, Queued, Refused, Unavailable]
ReleaseAnswer = Union[Released, NotAllowed, Unavailable]


#: Status, text and Retry-After of an answer.
Reply = Tuple[int, str, Optional[str]]
#: Sends a request: path, body or None for a GET, seconds to wait, a user's token. Raises whatever goes wrong on the way.
Send = Callable[[str, Optional[str], float, Optional[str]], Reply]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is somebody else's answer: the sign-in page of a network, mostly."""

    def redirect_request(self, *_: Any) -> None:
        return None


def http_send(url: str) -> Send:
    """With the proxies that the environment names (HTTPS_PROXY, NO_PROXY) and its CAs (SSL_CERT_FILE)."""
    opener = urllib.request.build_opener(_NoRedirect())

    def send(path: str, body: Optional[str], timeout: float, token: Optional[str] = None) -> Reply:
        data = None if body is None else body.encode()
        headers = {"content-type": "application/json"} if data else {}
        if token:
            headers["authorization"] = f"Bearer {token}"
        request = urllib.request.Request(url + path, data, headers)
        try:
            with opener.open(request, timeout=timeout) as response:
                return response.status, response.read().decode("utf-8", "replace"), response.headers.get("retry-after")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode("utf-8", "replace"), error.headers.get("retry-after")

    return send


def _parse(text: str) -> Optional[Dict[str, Any]]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _number(value: Any) -> Optional[float]:
    # Python's reader takes NaN and Infinity for JSON.
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if is_number and math.isfinite(value) else None


_HOUR = 3_600.0


def _pause(value: Any, longest: float) -> Optional[float]:
    """Seconds from a second to `longest`, as milliseconds; None for what is no time to wait."""
    seconds = _number(value)
    return min(max(seconds, 1.0), longest) * 1000 if seconds is not None and seconds > 0 else None


def _license_in(body: Dict[str, Any]) -> Any:
    token, data = body.get("license_token"), body.get("license_data")
    return token if isinstance(token, str) else data if isinstance(data, dict) else None


class SeatApi:
    def __init__(self, send: Send, program: str, timeout: float, user_token: Optional[UserToken] = None):
        self._send, self._program, self._timeout = send, program, timeout
        self._tokens = None if user_token is None else TokenSource(user_token)

    def _call(
        self,
        path: str,
        body: Dict[str, Any],
        read: Callable[[int, Dict[str, Any]], Any],
        timeout: float,
        token: Optional[str] = None,
    ) -> Any:
        try:
            status, text, retry_after = self._send(path, json.dumps(body), min(timeout, self._timeout), token)
        except Exception as error:  # every cause is told apart by its code
            return failure_of(error)
        answer = _parse(text)
        understood = read(status, answer or {})
        return understood if understood is not None else failure_of_answer(status, answer, retry_after)

    def acquire(self, request: Dict[str, Any], timeout: Optional[float] = None) -> AcquireAnswer:
        """
        `timeout`: seconds, at most the usual, for the user's token and the answer together; default: the usual for the
        answer, and for the token as long as it takes.
        """
        return self._ask(ACQUIRE, request, timeout)

    def borrow(self, request: Dict[str, Any]) -> AcquireAnswer:
        return self._ask(BORROW, request, float("inf"))

    def _ask(self, path: str, request: Dict[str, Any], timeout: Optional[float]) -> AcquireAnswer:
        left = math.inf if timeout is None else timeout
        token = None
        try:
            if self._tokens is not None:
                token, spent = self._tokens.ask(None if timeout is None else min(timeout, self._timeout))
                left -= spent
            # The error of a header that cannot be sent would say the token.
            if not re.fullmatch("[!-~]*", token or ""):
                raise ValueError("it is none")
        except Exception as error:
            return unavailable("user_token_failed", str(error), error)
        return self._call(path, {**request, "program": self._program}, _read_acquire, max(left, 0.001), token)

    def leave_queue(self, ticket_id: str) -> None:
        """Gives up the place in the queue. Whoever waits for that does not wait long."""
        self._call(LEAVE_QUEUE, {"ticket_id": ticket_id}, lambda _status, _body: True, _LEAVE_TIMEOUT)

    def heartbeat(self, session_id: str, refresh: Optional[Dict[str, Any]]) -> Union[Renewed, Ended, Unavailable]:
        body = {"session_id": session_id, "program": self._program, **({"refresh": refresh} if refresh else {})}
        return self._call(HEARTBEAT, body, _read_heartbeat, float("inf"))

    def release(self, session_id: str) -> ReleaseAnswer:
        body = {"session_id": session_id, "program": self._program}
        return self._call(RELEASE, body, _read_release, float("inf"))


def _read_acquire(status: int, body: Dict[str, Any]) -> Union[Granted, Queued, Refused, None]:
    if status == 202:
        return _read_queued(body)
    used, total = int(_number(body.get("seats_used")) or 0), int(_number(body.get("seats_total")) or 0)
    if status not in (200, 201):
        code = body.get("code")
        if code not in _REFUSALS:
            return None
        return Refused(code, str(body.get("detail", "")), used, total, _number(body.get("max_seconds")))
    session, lease = body.get("session_id"), parse_time(body.get("expires_at"))
    interval, license = _pause(body.get("heartbeat_interval_seconds"), 24 * _HOUR), _license_in(body)
    if not isinstance(session, str) or lease is None or interval is None or license is None:
        return None
    return Granted(session, lease, interval, used, total, license, parse_time(body.get("borrowed_until")))


def _read_queued(body: Dict[str, Any]) -> Optional[Queued]:
    ticket, position, poll = body.get("ticket_id"), _number(body.get("position")), _pause(body.get("poll_after_seconds"), _HOUR)
    if not isinstance(ticket, str) or position is None or poll is None:
        return None
    length, estimate = _number(body.get("queue_length")), _number(body.get("estimated_wait_seconds"))
    return Queued(
        ticket_id=ticket,
        position=int(position),
        position_exact=body.get("position_exact") is not False,
        queue_length=int(position if length is None else length),
        poll_after=poll,
        wait_until=parse_time(body.get("wait_until")),
        estimated_wait=None if estimate is None else estimate * 1000,
    )


def _read_heartbeat(status: int, body: Dict[str, Any]) -> Union[Renewed, Ended, None]:
    if status == 200:
        lease = parse_time(body.get("expires_at"))
        return None if lease is None else Renewed(lease, _license_in(body))
    code = body.get("code")
    if code == "session_ended":
        return Ended(str(body.get("reason", "unknown")))
    # Session, machine and key do not belong together: acquiring again has the last word on it.
    return Ended(code) if code in ("forbidden", "session_not_found") else None


def _read_release(status: int, body: Dict[str, Any]) -> Union[Released, NotAllowed, None]:
    if status == 200:
        return Released(body.get("still_held") is True)
    code = body.get("code")
    if code == "early_return_not_allowed":
        return NotAllowed(parse_time(body.get("borrowed_until")))
    # Another program of this machine has borrowed the seat meanwhile.
    if code == "session_ended" and body.get("reason") == "borrowed":
        return Released(True)
    return Released(False) if code in ("session_ended", "session_not_found") else None
