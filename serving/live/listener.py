"""One listener: the events it wants, waiting to be sent."""

import asyncio
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from serving.live.event import Item


@dataclass(frozen=True)
class Wanted:
    """Which events of a site a listener wants; without `names` all of them."""

    names: Collection[str] | None = None
    without_bots: bool = False

    def holds(self, item: Item) -> bool:
        """Whether the listener wants this one."""
        is_named = self.names is None or item.name in self.names
        return is_named and not (self.without_bots and item.is_bot)


@dataclass(frozen=True)
class News:
    """What has come since the last look; at least `skipped` events before it were left out."""

    items: list[Item]
    skipped: int


class Listener:
    """A bounded queue; a listener that is too slow misses the oldest events and is told so."""

    def __init__(self, wanted: Wanted, limit: int) -> None:
        self.wanted: Final = wanted
        self.is_over = False
        self._limit = limit
        self._waiting: deque[Item] = deque()
        self._skipped = 0
        self._news = asyncio.Event()

    def offer(self, item: Item) -> None:
        """Put an event into the queue if it is wanted."""
        if not self.wanted.holds(item):
            return
        if len(self._waiting) >= self._limit:
            self._waiting.popleft()
            self.skip()
        self._waiting.append(item)
        self._news.set()

    def begin_with(self, items: list[Item]) -> None:
        """Let the queue hold these and nothing else."""
        self._waiting.clear()
        for item in items:
            self.offer(item)

    def skip(self) -> None:
        """Note that an event, or more, was missed."""
        self._skipped += 1
        self._news.set()

    def end(self) -> None:
        """Let the stream end after what it has."""
        self.is_over = True
        self._news.set()

    async def news(self, seconds: float) -> News:
        """Return what waits, after at most so many seconds."""
        if not self._news.is_set():
            try:
                await asyncio.wait_for(self._news.wait(), seconds)
            except TimeoutError:
                return News([], 0)
        self._news.clear()
        found = News(list(self._waiting), self._skipped)
        self._waiting.clear()
        self._skipped = 0
        return found
