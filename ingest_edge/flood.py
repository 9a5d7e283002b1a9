"""Count events of each visitor per hour; too many are a flood, not a visit."""

from collections import OrderedDict, defaultdict
from typing import Final

HOUR_MS: Final = 3_600_000
# An import of weeks touches many hours; the one not used for longest goes first.
_MAX_HOURS: Final = 400
_MAX_VISITORS: Final = 500_000


class FloodGauge:
    """Visitors' events per hour of event time, as far as memory allows."""

    def __init__(self, limit: int, max_visitors: int = _MAX_VISITORS) -> None:
        self._limit = limit
        self._max_visitors = max_visitors
        self._hours: OrderedDict[int, defaultdict[tuple[str, str], int]] = OrderedDict()
        self._visitors = 0

    def add(self, site_id: str, visitor_id: str, at_ms: int) -> bool:
        """Count one event; tell whether the visitor has passed the limit of that hour."""
        hour = at_ms // HOUR_MS
        counts = self._hours.get(hour)
        if counts is None:
            counts = self._hours[hour] = defaultdict(int)
        before = len(counts)
        counts[site_id, visitor_id] += 1
        if len(counts) != before:
            self._visitors += 1
            self._hours.move_to_end(hour)
            self._forget()
        return counts[site_id, visitor_id] > self._limit

    def add_all(self, site_id: str, visitor_id: str, hour: int, count: int) -> bool:
        """Count several events of an hour at once if none of them passes the limit; tell whether.

        A flood, and an hour not seen before, are left to `add`.
        """
        counts = self._hours.get(hour)
        if counts is None:
            return False
        visitor = site_id, visitor_id
        before = counts.get(visitor)
        if (before or 0) + count > self._limit:
            return False
        if before is None:
            if self._visitors >= self._max_visitors:
                return False
            self._visitors += 1
        counts[visitor] = (before or 0) + count
        return True

    def _forget(self) -> None:
        while len(self._hours) > _MAX_HOURS or (
            self._visitors > self._max_visitors and len(self._hours) > 1
        ):
            _, counts = self._hours.popitem(last=False)
            self._visitors -= len(counts)
        if self._visitors > self._max_visitors:
            self._hours.clear()
            self._visitors = 0
