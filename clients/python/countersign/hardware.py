"""What tells this machine from others, and says nothing else about it."""
import hashlib
import os
import re
import secrets
import socket
import subprocess
import sys
from typing import Optional

from .storage import FileStorage, GuardedStorage, Storage, state_directory

_VARIABLE = "COUNTERSIGN_HARDWARE_ID"
_NAME = "hardware-id"


def hashed_hardware_id(application: str, machine: str) -> str:
    """SHA-256 with the application as salt, so that the machine's own id never leaves it; 64 hexadecimal characters."""
    return hashlib.sha256(f"countersign/hardware/v1:{application}:{machine}".encode()).hexdigest()


def hardware_id(application: str, storage: Optional[Storage] = None) -> str:
    """
    What `hold` takes for this machine, by default with the storage that it keeps things in.

    In this order: COUNTERSIGN_HARDWARE_ID as it is; in a container the host name; the operating system's machine id; a
    random one, kept in the storage. Clients of every language give the same answer on the same machine.
    """
    given = os.environ.get(_VARIABLE)
    if given:
        return given
    if _is_container():
        return hashed_hardware_id(application, f"container:{socket.gethostname()}")
    found = _system_id()
    if found:
        return hashed_hardware_id(application, found)
    if storage is None:
        storage = GuardedStorage(lambda: FileStorage(state_directory(application)), lambda _error: None)
    kept = storage.get(_NAME)
    if kept is None:
        kept = secrets.token_hex(16)
        storage.set(_NAME, kept)
    return hashed_hardware_id(application, kept)


def _is_container() -> bool:
    places = ("/.dockerenv", "/run/.containerenv")
    return "KUBERNETES_SERVICE_HOST" in os.environ or any(os.path.exists(place) for place in places)


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def _system_id() -> Optional[str]:
    if sys.platform == "darwin":
        found = re.search(r'"IOPlatformUUID" = "([^"]+)"', _output("/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice"))
        return found.group(1) if found else None
    if sys.platform == "win32":
        key = "HKLM\\SOFTWARE\\Microsoft\\Cryptography"
        found = re.search(r"MachineGuid\s+REG_SZ\s+(\S+)", _output("reg", "query", key, "/v", "MachineGuid"))
        return found.group(1) if found else None
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        try:
            with open(path, encoding="ascii") as file:
                text = file.read().strip()
        except (OSError, UnicodeDecodeError):
            continue
        if re.fullmatch("[0-9a-f]{32}", text):
            return text
    return None
