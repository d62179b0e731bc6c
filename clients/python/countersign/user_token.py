"""Asks the program for a user's token."""
import threading
import time
from typing import Callable, Optional, Tuple

#: Gives a user's verified token: the part behind "Bearer".
UserToken = Callable[[], Optional[str]]


class _Question:
    """One call of the program's function, in a thread of its own."""

    def __init__(self, user_token: UserToken):
        self._user_token = user_token
        self.token: Optional[str] = None
        self.error: Optional[BaseException] = None
        self.done = threading.Event()
        threading.Thread(target=self._ask, name="countersign-token", daemon=True).start()

    def _ask(self) -> None:
        try:
            self.token = self._user_token()
        except BaseException as error:
            self.error = error
        self.done.set()


class TokenSource:
    """
    While a seat is held the function has as long as a request, since heartbeats wait for it. One that waits for a person
    is not called again before it has answered, and a late answer serves the next request.
    """

    def __init__(self, user_token: UserToken):
        self._user_token = user_token
        self._pending: Optional[_Question] = None

    def ask(self, limit: Optional[float]) -> Tuple[str, float]:
        """
        The token, and the seconds that it took. Without a limit it is waited for in the caller's thread, as long as it
        takes. Raises what the function raises, or TimeoutError.
        """
        if limit is None:
            return (self._user_token() or "").strip(), 0.0
        begun = time.monotonic()
        question = self._pending or _Question(self._user_token)
        self._pending = question
        if not question.done.wait(limit):
            raise TimeoutError("it has not answered yet")
        self._pending = None
        if question.error is not None:
            raise question.error
        return (question.token or "").strip(), time.monotonic() - begun
