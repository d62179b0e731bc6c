"""Options of `hold`, as a program gives them and as they are used."""
import platform
import socket
import sys
import threading
import urllib.parse
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Optional, Union

from .api import Send
from .clock import ClockSource
from .events import Listener
from .storage import Storage
from .text import clean_text, normalize_license_key
from .user_token import UserToken


#: Seconds. Sockets and locks refuse infinity and numbers beyond their clock; every platform takes three weeks.
_LONGEST = 2_000_000.0


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
    #: The text of a licence file, in place of `url` and `license_key`, which are empty then.
    license_file: Optional[str] = None
    process_id: Optional[str] = None
    take_over: bool = False
    user_token: Optional[UserToken] = None
    #: Set, it gives up waiting for a seat.
    cancel: threading.Event = field(default_factory=threading.Event)
    source: ClockSource = field(default_factory=ClockSource)
    send: Optional[Send] = None


def read_options(
    url: Optional[str] = None,
    license_key: Optional[str] = None,
    product: Optional[str] = None,
    keys: Any = None,
    *,
    license_file: Optional[str] = None,
    application: Optional[str] = None,
    hardware_id: Optional[str] = None,
    user_email: Optional[str] = None,
    hostname: Union[str, bool, None] = None,
    platform_name: Union[str, bool, None] = None,
    client_version: Optional[str] = None,
    process_id: Optional[str] = None,
    take_over: bool = False,
    user_token: Optional[UserToken] = None,
    storage: Union[Storage, str, None] = None,
    on_event: Optional[Listener] = None,
    wait: float = 0.0,
    patience: float = 30.0,
    timeout: float = 10.0,
    cancel: Optional[threading.Event] = None,
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
    if user_token is not None and not callable(user_token):
        raise TypeError(f"user_token: give a function, not {user_token!r}")
    if not isinstance(take_over, bool):
        raise TypeError(f"take_over: give True or False, not {take_over!r}")
    if cancel is not None and not callable(getattr(cancel, "wait", None)):
        raise TypeError(f"cancel: give a threading.Event, not {cancel!r}")
    is_file = license_file is not None
    process = _shown("process_id", process_id, None)
    if process is not None and len(process) > 128:
        raise TypeError("process_id: give 1 to 128 characters, or leave it out")
    shown = {
        "user_email": _shown("user_email", user_email, None),
        "hostname": _shown("hostname", hostname, socket.gethostname()),
        "platform": _shown("platform_name", platform_name, f"{sys.platform}-{platform.machine()}"),
        "client_version": _shown("client_version", client_version, None),
    }
    return Options(
        url="" if is_file else _url(url),
        license_key="" if is_file else _text("license_key", license_key, "the key of the licence", normalize_license_key),
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
        license_file=_text("license_file", license_file, "the text of a licence file", str.strip) if is_file else None,
        process_id=process,
        take_over=take_over,
        user_token=user_token,
        cancel=cancel or threading.Event(),
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
    try:
        urllib.parse.urlsplit(text).port
    except ValueError:  # a port beyond 65535, half of a bracket
        host = ""
    if scheme.lower() not in ("http", "https") or not host or "@" in host or set("?#") & set(text) or " " in text:
        # Not the text: it may hold a password.
        raise TypeError(
            "url: give the http or https address of the licence server alone, without name and password, query and fragment"
        )
    return text.rstrip("/")


def _milliseconds(name: str, seconds: Any) -> float:
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not seconds >= 0:
        raise TypeError(f"{name}: give seconds, 0 or more")
    return min(seconds, _LONGEST) * 1000
