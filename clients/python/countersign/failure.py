"""Why the licence server gave no usable answer: each cause has its own code and sentence."""
import email.utils
import http.client
import re
import socket
import ssl
import time
from typing import Any, Dict, List, NamedTuple, Optional

_SENTENCES = {
    "dns_failed": "The name of the licence server could not be looked up: check the URL, and whether this machine is online.",
    "connection_refused": "Nothing listens at the address of the licence server: check host and port of the URL, or ask whether the server is down.",
    "network_unreachable": "There is no way from this machine to the licence server: check the network or the VPN.",
    "connection_blocked": "This machine does not let the program connect: check its firewall and the rights of the program.",
    "connection_lost": "The connection to the licence server broke off: check the network; a proxy or firewall may end it.",
    "timed_out": "The licence server did not answer in time: check the network, or try again later.",
    "certificate_date": "The certificate of the licence server is not valid at the time this machine believes it is: check the clock of this machine first.",
    "certificate_rejected": "The certificate of the licence server is not trusted here: a company proxy may replace it (SSL_CERT_FILE names its CA), or the URL names another host.",
    "tls_failed": "The licence server does not speak TLS as expected: check http and https, and the port, of the URL.",
    "proxy_authentication": "The proxy asks for a name and a password: put them into HTTPS_PROXY, or ask who runs it.",
    "proxy_failed": "The proxy did not pass the request on: check HTTPS_PROXY and NO_PROXY, or ask who runs it.",
    "not_a_license_server": "What answered is no licence server: check the URL; a proxy or the sign-in page of a network may answer in its place.",
    "rate_limited": "The licence server asks to wait, since too much was asked of it from here: try again later.",
    "signing_unavailable": "The licence server cannot sign licences at the moment: try again in a few minutes.",
    "server_failed": "The licence server has a fault of its own: try again in a few minutes.",
    "user_token_failed": "`user_token` gave no token: sign in again.",
    "unreachable": "The licence server could not be reached: check the URL and the connection.",
}


class Unavailable(NamedTuple):
    """No usable answer. Try again later: none of these says anything of the licence."""

    code: str
    message: str
    #: Seconds, where the server said when to come back.
    retry_after: Optional[float] = None
    cause: Optional[BaseException] = None


def unavailable(code: str, detail: str, cause: Optional[BaseException], retry_after: Optional[float] = None) -> Unavailable:
    return Unavailable(code, f"{_SENTENCES[code]} ({detail.rstrip('.')})" if detail else _SENTENCES[code], retry_after, cause)


def _causes_of(error: BaseException) -> List[BaseException]:
    """An error and what caused it, the innermost first."""
    found: List[BaseException] = []
    waiting: List[Any] = [error]
    while waiting and len(found) < 16:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            waiting += [getattr(one, "reason", None), one.__cause__, one.__context__]
    return found[::-1]


def _code_of(error: BaseException) -> Optional[str]:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "certificate_date" if error.verify_code in (9, 10) else "certificate_rejected"
    if isinstance(error, ssl.SSLError):
        return "tls_failed"
    if isinstance(error, socket.gaierror):
        return "dns_failed"
    if isinstance(error, (TimeoutError, socket.timeout)):
        return "timed_out"
    if isinstance(error, ConnectionRefusedError):
        return "connection_refused"
    if isinstance(error, PermissionError):
        return "connection_blocked"
    if isinstance(error, (ConnectionError, http.client.HTTPException)):
        return "connection_lost"
    text = str(error)
    if isinstance(error, OSError) and "Tunnel connection failed" in text:
        return "proxy_authentication" if "407" in text else "proxy_failed"
    return "network_unreachable" if isinstance(error, OSError) and "unreachable" in text.lower() else None


def failure_of(error: BaseException) -> Unavailable:
    """What was raised on the way to an answer."""
    chain = _causes_of(error)
    code = next((code for code in map(_code_of, chain) if code is not None), "unreachable")
    return unavailable(code, str(chain[0]), error)


def failure_of_answer(status: int, problem: Optional[Dict[str, Any]], retry_after: Optional[str]) -> Unavailable:
    """An answer that is none of those that were asked for."""
    code = problem.get("code") if problem else None
    code = code if isinstance(code, str) else None
    detail = f"it answered {status}" + (f" {code}" if code else "")
    return unavailable(_code_of_answer(status, code), detail, None, _wait_of(retry_after))


def _code_of_answer(status: int, code: Optional[str]) -> str:
    if status == 407:
        return "proxy_authentication"
    if status == 429:
        return "rate_limited"
    if code == "signing_unavailable":
        return "signing_unavailable"
    # An API answers, and has no such route: the address leads beside the licence server.
    if status in (404, 405):
        return "not_a_license_server"
    if code is not None:
        return "server_failed"
    if status in (502, 504):
        return "proxy_failed"
    return "server_failed" if status >= 500 else "not_a_license_server"


#: Seconds. No answer, which may be a proxy's, silences a program for longer.
_LONGEST_RETRY_AFTER = 3_600.0


def _wait_of(retry_after: Optional[str]) -> Optional[float]:
    """RFC 9110, section 10.2.3: seconds, or a date."""
    if retry_after is None:
        return None
    if re.fullmatch("[0-9]+", retry_after):
        return min(float(retry_after), _LONGEST_RETRY_AFTER)
    try:
        wait = email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time()
    except (TypeError, ValueError, OverflowError):
        return None
    return max(0.0, min(wait, _LONGEST_RETRY_AFTER))


