"""The place in the queue of a licence whose seats are all in use."""
import math
from typing import Any, Optional

from .api import Queued, Unavailable
from .events import Event

#: The longest that a place is kept, in seconds.
_LONGEST_WAIT = 86_400


class Queue:
    def __init__(self, around: Any):
        self._around = around
        seconds = math.ceil(min(_LONGEST_WAIT, around.options.wait / 1000))
        #: For how long a place is wanted; None where nobody waits.
        self.max_wait_seconds: Optional[int] = seconds if seconds > 0 else None
        self._place: Optional[Queued] = None

    def answered(self, answer: Any) -> None:
        """Without an answer the place may still be there."""
        before = self._place
        if not isinstance(answer, Unavailable):
            self._place = answer if isinstance(answer, Queued) else None
        if not isinstance(answer, Queued):
            return
        if before is not None and (before.position, before.queue_length) == (answer.position, answer.queue_length):
            return
        told = {name: value for name, value in answer._asdict().items() if name != "ticket_id"}
        self._around.emit(Event("queued", **told))

    def leave(self) -> None:
        """Gives the place up, if there is one: nobody waits behind somebody who has gone."""
        place, self._place = self._place, None
        if place is not None:
            self._around.api.leave_queue(place.ticket_id)
