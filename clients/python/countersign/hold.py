"""`hold`: a seat for as long as a program, or a block of it, runs."""
import asyncio
import atexit
import os
import signal
import threading
import weakref
from typing import Any, Generator, Optional

from .api import Granted
from .seat import Options, Seat, Surroundings, acquire_first, read_options

#: Nobody who ends a program waits for longer, in seconds; what is not given back by then is free again after its lease.
_LONGEST_GOODBYE = 2.0
_ENDING = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]

_seats: "weakref.WeakSet[Seat]" = weakref.WeakSet()
_listening = False


def _release_all() -> None:
    threads = [
        threading.Thread(target=seat.release, args=(_LONGEST_GOODBYE,), daemon=True)
        for seat in list(_seats)
        if seat.state in ("held", "offline")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_LONGEST_GOODBYE)


def _on_signal(number: int, _frame: Any) -> None:
    """The program ends by the signal, as it would without us, after its seats are given back."""
    _release_all()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _disown_all() -> None:
    for seat in list(_seats):
        seat._disown()
    _seats.clear()


def _listen() -> None:
    """Once for the process. A signal that the program handles itself stays its own."""
    global _listening
    if _listening:
        return
    _listening = True
    atexit.register(_release_all)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_disown_all)
    if threading.current_thread() is not threading.main_thread():
        return
    for name in _ENDING:
        number = getattr(signal, name)
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _on_signal)


def hold_with(options: Options, release_on_exit: bool = True) -> Seat:
    around = Surroundings(options)
    license, first = acquire_first(around)
    try:
        seat = Seat(around, license, first)
    except BaseException:
        if isinstance(first, Granted):
            around.api.release(first.session_id)
        raise
    if release_on_exit:
        _listen()
        _seats.add(seat)
    return seat


def hold(url: str, license_key: str, product: str, keys: Any, *, release_on_exit: bool = True, **options: Any) -> Seat:
    """
    Acquires a seat, and keeps it until it is released, lost, or the program ends: `with hold(...) as seat:`.

    `url`: of the licence server. `license_key`: as it was issued, or as people send it. `product`: what this program is; a
    licence for another product is refused. `keys`: `root_key(pem)` with the root that the program was built with, or pinned
    key material. Further: `application` (salt of the hardware id and folder of the storage; default `product`),
    `hardware_id`, `user_email`, `hostname`, `platform_name`, `client_version` (False: not sent), `storage` (a `Storage`, or a
    folder), `on_event` (called in the seat's thread), and in seconds `wait` (0: for a free seat), `patience` (30: for a server
    that does not answer), `timeout` (10: for one request).

    Raises `TypeError` for options that cannot be meant; `SeatError`, by its `code`, when there is no seat.
    """
    return hold_with(read_options(url, license_key, product, keys, **options), release_on_exit)


class _AsyncHold:
    """To be awaited, or entered: `async with hold_async(...) as seat:`."""

    def __init__(self, arguments: Any, options: Any):
        self._arguments, self._options = arguments, options
        self._seat: Optional[Seat] = None

    async def _hold(self) -> Seat:
        loop = asyncio.get_running_loop()
        options = read_options(*self._arguments, **self._options)
        acquiring = loop.run_in_executor(None, hold_with, options)
        try:
            return await asyncio.shield(acquiring)
        except asyncio.CancelledError:
            # Nobody waits for the seat any more: whatever is granted is given back.
            acquiring.add_done_callback(_give_back)
            raise

    def __await__(self) -> Generator[Any, None, Seat]:
        return self._hold().__await__()

    async def __aenter__(self) -> Seat:
        self._seat = await self._hold()
        return self._seat

    async def __aexit__(self, *_: Any) -> None:
        if self._seat is not None:
            await asyncio.get_running_loop().run_in_executor(None, self._seat.release)


def _give_back(acquiring: Any) -> None:
    if not acquiring.cancelled() and acquiring.exception() is None:
        threading.Thread(target=acquiring.result().release, daemon=True).start()


def hold_async(*arguments: Any, **options: Any) -> _AsyncHold:
    """As `hold`, without blocking the event loop: `seat = await hold_async(...)`, or `async with`."""
    return _AsyncHold(arguments, options)
