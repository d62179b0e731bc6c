"""What is kept between runs. It is signed, or checked against what is signed, so changing it gains nothing but a refusal."""
import os
import re
import sys
import uuid
from typing import Callable, Dict, Optional


class Storage:
    """Keeps small texts by name."""

    def get(self, name: str) -> Optional[str]:
        raise NotImplementedError

    def set(self, name: str, text: str) -> None:
        raise NotImplementedError

    def delete(self, name: str) -> None:
        raise NotImplementedError


class MemoryStorage(Storage):
    """Forgets everything with the process."""

    def __init__(self) -> None:
        self._texts: Dict[str, str] = {}

    def get(self, name: str) -> Optional[str]:
        return self._texts.get(name)

    def set(self, name: str, text: str) -> None:
        self._texts[name] = text

    def delete(self, name: str) -> None:
        self._texts.pop(name, None)


class FileStorage(Storage):
    """
    A file a name in a directory of its own, which only its owner may read. Each text is written beside its place and then
    moved, so that a crash leaves the old one or the new one. Clients of every language share the form.
    """

    def __init__(self, directory: str):
        self._directory = directory

    def _path(self, name: str) -> str:
        return os.path.join(self._directory, re.sub(r"[^A-Za-z0-9_.-]", "_", name) + ".txt")

    def get(self, name: str) -> Optional[str]:
        try:
            with open(self._path(name), encoding="utf-8", newline="") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def set(self, name: str, text: str) -> None:
        os.makedirs(self._directory, mode=0o700, exist_ok=True)
        draft = f"{self._path(name)}.{uuid.uuid4()}"
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            os.replace(draft, self._path(name))
        except OSError:
            try:
                os.unlink(draft)
            except OSError:
                pass
            raise

    def delete(self, name: str) -> None:
        try:
            os.unlink(self._path(name))
        except FileNotFoundError:
            pass


def state_directory(application: str) -> str:
    """Where a user's programs keep what they must not lose, by the custom of each system. Raises `OSError` without a home."""
    safe = re.sub(r"[^A-Za-z0-9_.-]", "_", application)
    name = "_" if not safe.strip(".") else safe
    home = os.path.expanduser("~")

    def below(*folders: str) -> str:
        if not os.path.isabs(home):
            raise OSError("this user has no home directory")
        return os.path.join(home, *folders)

    if sys.platform == "win32":
        return os.path.join(os.environ.get("LOCALAPPDATA") or below("AppData", "Local"), "countersign", name)
    if sys.platform == "darwin":
        return below("Library", "Application Support", "countersign", name)
    state = os.environ.get("XDG_STATE_HOME", "")
    return os.path.join(state if os.path.isabs(state) else below(".local", "state"), "countersign", name)


class GuardedStorage(Storage):
    """Never fails: what cannot be kept in the place that was meant is kept in memory until the program ends."""

    def __init__(self, open_place: Callable[[], Storage], on_failure: Callable[[BaseException], None]):
        self._memory, self._place = MemoryStorage(), None
        self._on_failure, self._told = on_failure, False
        try:
            self._place = open_place()
        except Exception as error:  # a storage of the program's own may raise anything
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if not self._told:
            self._told = True
            self._on_failure(error)

    def get(self, name: str) -> Optional[str]:
        try:
            found = None if self._place is None else self._place.get(name)
        except Exception as error:
            found = self._fail(error)
        return found if found is not None else self._memory.get(name)

    def set(self, name: str, text: str) -> None:
        self._memory.set(name, text)
        try:
            if self._place is not None:
                self._place.set(name, text)
        except Exception as error:
            self._fail(error)

    def delete(self, name: str) -> None:
        self._memory.delete(name)
        try:
            if self._place is not None:
                self._place.delete(name)
        except Exception as error:
            self._fail(error)
