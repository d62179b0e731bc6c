"""Time that does not run backwards because somebody turned the clock."""
import time
from typing import Callable, List, Optional, Sequence

from .times import CLOCK_TOLERANCE


def _since_boot() -> float:
    """Goes on while the machine sleeps, where there is such a clock."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.clock_gettime(clock) * 1000 if clock is not None else 0.0


class ClockSource:
    """The clocks of this machine, in milliseconds."""

    def now(self) -> float:
        return time.time() * 1000

    def monotonic(self) -> float:
        return time.monotonic() * 1000

    def since_boot(self) -> float:
        return _since_boot()


class TrustedClock:
    """
    Two things are trusted: `signed_at` of a licence whose signature fits, below which time never goes, and `signed_at` of an
    answer that repeats the nonce of its request, which is the present and also corrects a clock that was wrong. From the
    first licence that was accepted on, the largest of what the three clocks of the machine have moved counts.
    """

    def __init__(self, source: Optional[ClockSource] = None, tolerance: float = CLOCK_TOLERANCE):
        self._source = source or ClockSource()
        self._tolerance = tolerance
        self._signed = float("-inf")
        self._seen = float("-inf")
        self._anchor: Optional[float] = None
        self._then: Sequence[float] = ()

    def asked(self) -> List[float]:
        """What the clocks show when a request is sent, for its answer."""
        return [self._source.now(), self._source.monotonic(), self._source.since_boot()]

    def _floor(self) -> float:
        return max(self._signed, self._seen)

    def _estimate(self) -> float:
        if self._anchor is None:
            return self._source.now()
        return self._anchor + max(0.0, *(now - then for now, then in zip(self.asked(), self._then)))

    def now(self) -> float:
        """Milliseconds since the epoch, the best there is."""
        return max(self._estimate(), self._floor())

    def turned_back(self) -> bool:
        return self._anchor is None and self._source.now() < self._floor() - self._tolerance

    def saw_signed(self, moment: float) -> None:
        self._signed = max(self._signed, moment)

    def saw_answer(self, moment: float, asked: Optional[Sequence[float]] = None) -> None:
        # Not the larger of the two: a time that was wrong once must not last.
        self._signed = self._seen = self._anchor = moment
        self._then = asked if asked is not None else self.asked()

    def accepted(self) -> None:
        if self._anchor is None:
            self._anchor, self._then = max(self._source.now(), self._floor()), self.asked()

    def latest(self) -> Optional[float]:
        """The latest time that was seen, to be kept between runs; None before anything was."""
        if self._floor() == float("-inf"):
            return None
        return self._floor() if self._anchor is None else self.now()

    def remember(self, moment: float) -> None:
        self._seen = max(self._seen, moment)


Now = Callable[[], float]
