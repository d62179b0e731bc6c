"""What a program is told of its seat."""
from dataclasses import dataclass
from typing import Callable, Optional


@dataclass(frozen=True)
class Event:
    """
    What happens to a seat. `type` is one of held, borrowed, queued, renewing, offline, online, denied, refused_license,
    keys_not_updated, storage_unavailable, lost, released.
    """

    type: str
    message: str = ""
    #: Of `offline`: which failure.
    code: Optional[str] = None
    #: Of `lost` and `refused_license`.
    reason: Optional[str] = None
    #: Milliseconds since the epoch: of `held` and `offline` the end of the lease and of the copy, of `denied` the next attempt.
    lease_ends_at: Optional[float] = None
    valid_until: Optional[float] = None
    retry_at: Optional[float] = None
    #: Of `borrowed`: until then the seat is this machine's, without the server and however often the program ends.
    borrowed_until: Optional[float] = None
    #: Of `queued`, told when it changes: from 1 on; whether the position is only known to be as high as this.
    position: int = 0
    position_exact: bool = True
    queue_length: int = 0
    #: Milliseconds: until the server is asked again, and how long it may take, where the server has an estimate.
    poll_after: float = 0
    estimated_wait: Optional[float] = None
    #: Until when the server keeps the place.
    wait_until: Optional[float] = None
    seats_used: int = 0
    seats_total: int = 0
    #: Of `released`: whether the server has heard of it, and whether another program of this machine goes on.
    confirmed: bool = False
    still_held: bool = False


Listener = Callable[[Event], None]
