"""The three calls. None of them raises: what goes wrong is an answer."""
import json
import urllib.error
import urllib.request
from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple, Union

from .failure import Unavailable, failure_of, failure_of_answer
from .times import parse_time

ACQUIRE = "/api/v1/licenses/acquire"
HEARTBEAT = "/api/v1/licenses/heartbeat"
RELEASE = "/api/v1/licenses/release"
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
)


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


class Refused(NamedTuple):
    code: str
    detail: str = ""
    seats_used: int = 0
    seats_total: int = 0


class Renewed(NamedTuple):
    lease_ends_at: int
    license: Any = None


class Ended(NamedTuple):
    reason: str


class Released(NamedTuple):
    still_held: bool


#: Status, text and Retry-After of an answer.
Reply = Tuple[int, str, Optional[str]]
#: Sends a request: path, body or None for a GET, seconds to wait. Raises whatever goes wrong on the way.
Send = Callable[[str, Optional[str], float], Reply]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is somebody else's answer: the sign-in page of a network, mostly."""

    def redirect_request(self, *_: Any) -> None:
        return None


def http_send(url: str) -> Send:
    """With the proxies that the environment names (HTTPS_PROXY, NO_PROXY) and its CAs (SSL_CERT_FILE)."""
    opener = urllib.request.build_opener(_NoRedirect())

    def send(path: str, body: Optional[str], timeout: float) -> Reply:
        data = None if body is None else body.encode()
        request = urllib.request.Request(url + path, data, {"content-type": "application/json"} if data else {})
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
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _license_in(body: Dict[str, Any]) -> Any:
    token, data = body.get("license_token"), body.get("license_data")
    return token if isinstance(token, str) else data if isinstance(data, dict) else None


class SeatApi:
    def __init__(self, send: Send, program: str, timeout: float):
        self._send, self._program, self._timeout = send, program, timeout

    def _call(self, path: str, body: Dict[str, Any], read: Callable[[int, Dict[str, Any]], Any], timeout: float) -> Any:
        try:
            status, text, retry_after = self._send(path, json.dumps(body), min(timeout, self._timeout))
        except Exception as error:  # every cause is told apart by its code
            return failure_of(error)
        answer = _parse(text)
        understood = read(status, answer or {})
        return understood if understood is not None else failure_of_answer(status, answer, retry_after)

    def acquire(self, request: Dict[str, Any], timeout: float = float("inf")) -> Union[Granted, Refused, Unavailable]:
        return self._call(ACQUIRE, {**request, "program": self._program}, _read_acquire, timeout)

    def heartbeat(self, session_id: str, refresh: Optional[Dict[str, Any]]) -> Union[Renewed, Ended, Unavailable]:
        body = {"session_id": session_id, "program": self._program, **({"refresh": refresh} if refresh else {})}
        return self._call(HEARTBEAT, body, _read_heartbeat, float("inf"))

    def release(self, session_id: str) -> Union[Released, Unavailable]:
        body = {"session_id": session_id, "program": self._program}
        return self._call(RELEASE, body, _read_release, float("inf"))


def _read_acquire(status: int, body: Dict[str, Any]) -> Union[Granted, Refused, None]:
    used, total = int(_number(body.get("seats_used")) or 0), int(_number(body.get("seats_total")) or 0)
    if status not in (200, 201):
        code = body.get("code")
        return Refused(code, str(body.get("detail", "")), used, total) if code in _REFUSALS else None
    session, lease = body.get("session_id"), parse_time(body.get("expires_at"))
    seconds, license = _number(body.get("heartbeat_interval_seconds")), _license_in(body)
    if not isinstance(session, str) or lease is None or not seconds or license is None:
        return None
    return Granted(session, lease, seconds * 1000, used, total, license)


def _read_heartbeat(status: int, body: Dict[str, Any]) -> Union[Renewed, Ended, None]:
    if status == 200:
        lease = parse_time(body.get("expires_at"))
        return None if lease is None else Renewed(lease, _license_in(body))
    code = body.get("code")
    if code == "session_ended":
        return Ended(str(body.get("reason", "unknown")))
    # Session, machine and key do not belong together: acquiring again has the last word on it.
    return Ended(code) if code in ("forbidden", "session_not_found") else None


def _read_release(status: int, body: Dict[str, Any]) -> Optional[Released]:
    if status == 200:
        return Released(body.get("still_held") is True)
    return Released(False) if body.get("code") in ("session_ended", "session_not_found") else None
