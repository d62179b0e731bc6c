"""`hold`: a seat for as long as a program, or a block of it, runs."""
import asyncio
import atexit
import os
import signal
import threading
import weakref
from typing import Any, Generator, Optional

from .api import Granted
from .options import Options, read_options
from .seat import Seat
from .start import acquire_first
from .surroundings import Surroundings

#: Nobody who ends a program waits for longer, in seconds; what is not given back by then is free again after its lease.
_LONGEST_GOODBYE = 2.0
_ENDING = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]

_seats: "weakref.WeakSet[Seat]" = weakref.WeakSet()
#: Those who still ask for a seat.
_starting: "weakref.WeakSet[Surroundings]" = weakref.WeakSet()
_at_exit = False


def _release_all() -> None:
    partings: "list[threading.Thread]" = []
    for around in list(_starting):
        around.options.cancel.set()
        partings.append(threading.Thread(target=around.queue.leave, daemon=True))
    for seat in list(_seats):
        if seat.state in ("held", "offline"):  # a borrowed one outlives the program
            partings.append(threading.Thread(target=seat.release, args=(_LONGEST_GOODBYE,), daemon=True))
    for thread in partings:
        thread.start()
    for thread in partings:
        thread.join(_LONGEST_GOODBYE)


def _on_signal(number: int, _frame: Any) -> None:
    """The program ends by the signal, as it would without us, after its seats are given back."""
    _release_all()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _forget_all() -> None:
    """In a forked child: seats, and who asks for one, are the parent's."""
    _seats.clear()
    _starting.clear()


def _listen() -> None:
    """Once for the process. A signal that the program handles itself stays its own."""
    global _at_exit
    if not _at_exit:
        _at_exit = True
        atexit.register(_release_all)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_forget_all)
    if threading.current_thread() is not threading.main_thread():
        return
    for name in _ENDING:
        number = getattr(signal, name)
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _on_signal)


def hold_with(options: Options, release_on_exit: bool = True) -> Seat:
    around = Surroundings(options)
    if release_on_exit:
        _listen()
        _starting.add(around)
    try:
        license, first = acquire_first(around)
        try:
            seat = Seat(around, license, first)
        except BaseException:
            # A borrowed seat stays this machine's.
            if isinstance(first, Granted) and first.borrowed_until is None:
                around.api.release(first.session_id)
            raise
        if release_on_exit:
            _seats.add(seat)
        return seat
    finally:
        _starting.discard(around)


def hold(
    url: Optional[str] = None,
    license_key: Optional[str] = None,
    product: Optional[str] = None,
    keys: Any = None,
    *,
    release_on_exit: bool = True,
    **options: Any,
) -> Seat:
    """
    Acquires a seat, and keeps it until it is released, lost, or the program ends: `with hold(...) as seat:`.

    `url`: of the licence server. `license_key`: as it was issued, or as people send it. `product`: what this program is; a
    licence for another product is refused. `keys`: `root_key(pem)` with the root that the program was built with, or pinned
    key material. In place of `url` and `license_key` `license_file`: the text of the licence file that an administrator has
    borrowed for this machine; nobody is asked anything then.

    Further: `application` (salt of the hardware id and folder of the storage; default `product`), `hardware_id`,
    `user_email`, `hostname`, `platform_name`, `client_version` (False: not sent), `process_id` (where each process takes a
    seat of its own: what tells this one from others; default random), `take_over` (where each user has one seat and moves it
    only on purpose: take it from the machine that has it), `user_token` (a function that gives the user's verified token,
    the part behind "Bearer", where users sign in instead of having a key of their own; called before each acquire and
    borrow, since tokens end: at the start it may wait for a person, while a seat is held it has as long as a request), `storage` (a `Storage`, or a folder), `on_event` (called in the
    seat's thread), `cancel` (a `threading.Event`: set, it gives up waiting), and in seconds `wait` (0: for a free seat, in
    the queue where the licence has one), `patience` (30: for a server that does not answer), `timeout` (10: for one request).

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
        given = dict(self._options)
        release_on_exit = given.pop("release_on_exit", True)
        options = read_options(*self._arguments, **given)
        acquiring = loop.run_in_executor(None, hold_with, options, release_on_exit)
        try:
            return await asyncio.shield(acquiring)
        except asyncio.CancelledError:
            # Nobody waits for the seat any more: its place in a queue is left, and whatever is granted given back.
            options.cancel.set()
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
