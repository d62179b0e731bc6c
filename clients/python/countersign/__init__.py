"""Licences and floating seats of Countersign: `hold` a seat, `verify` a licence."""
from .error import SeatError
from .events import Event
from .hardware import hardware_id, hashed_hardware_id
from .hold import hold, hold_async
from .keys import KeySource, pinned_keys
from .license import License, verify
from .root import root_key
from .seat import Seat
from .storage import FileStorage, MemoryStorage, Storage

__version__ = "0.1.0"
__all__ = [
    "Event",
    "FileStorage",
    "KeySource",
    "License",
    "MemoryStorage",
    "Seat",
    "SeatError",
    "Storage",
    "hardware_id",
    "hashed_hardware_id",
    "hold",
    "hold_async",
    "pinned_keys",
    "root_key",
    "verify",
]
