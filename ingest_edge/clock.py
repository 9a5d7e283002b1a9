"""What time it is at the edge: the wall's, or that of the batches replayed (tests)."""

import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """The edge's clock, in epoch ms."""

    def now(self) -> int:
        """Return the present."""

    def received_at(self, sent_at: int | None) -> int:
        """Return when a batch that says it was sent at `sent_at` counts as received."""

    def record_time(self, at: int) -> int:
        """Return the Kafka timestamp for a record of that moment; 0 lets the broker stamp it."""


class WallClock:
    """Time as it passes."""

    def __init__(self, now: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self._now = now

    def now(self) -> int:
        """Return the wall's time."""
        return self._now()

    def received_at(self, sent_at: int | None) -> int:
        """Return now, whatever the sender says."""
        return self._now()

    def record_time(self, at: int) -> int:
        """Leave the stamp to the broker."""
        return 0


class ReplayClock:
    """Time as the batches tell it: it stands at the newest `sent_at` seen, and never goes back."""

    def __init__(self) -> None:
        self._newest = 0

    def now(self) -> int:
        """Return the newest moment seen; 0 before the first batch."""
        return self._newest

    def received_at(self, sent_at: int | None) -> int:
        """Return `sent_at`, and move on to it. A batch without one is received now."""
        if sent_at is None:
            return self._newest
        self._newest = max(self._newest, sent_at)
        return sent_at

    def record_time(self, at: int) -> int:
        """Stamp the record with that moment."""
        return at
