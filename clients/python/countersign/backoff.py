"""When to call next. Thousands of clients meet the same outage at the same moment, and must not come back at the same."""
from random import random

SHORTEST_WAIT = 1_000


def retry_delay(failures: int, first: float, longest: float, retry_after: float) -> float:
    """After the nth failure in a row, in milliseconds: doubling, the last half of it at random."""
    wait = max(SHORTEST_WAIT, min(longest, first * 2 ** min(failures - 1, 30))) * (0.5 + random() / 2)
    # Everybody was told the same Retry-After: none comes before it, and not all of them at it.
    return retry_after * (1 + random() / 2) if retry_after > wait else wait
