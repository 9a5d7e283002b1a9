"""Where records are made durable, as the rest of the edge sees it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from ingest_edge.errors import NotDurable
from ingest_edge.metrics import GaugeName
from ingest_edge.record import Record

Heard = Callable[[NotDurable | None], None]


class Sink(Protocol):
    """Where records are made durable."""

    async def put(self, records: Sequence[Record]) -> None:
        """Return when all records are durable; NotDurable if one may not be."""

    def submit(self, records: Sequence[Record], heard: Heard) -> None:
        """Begin the same; `heard` is called once, with None or with why they may not be."""

    def put_later(self, record: Record) -> None:
        """Write without waiting; a failure is counted, not raised."""

    async def can_write(self, topic: str) -> bool:
        """Tell whether records can be made durable now."""

    async def checks(self, topic: str) -> dict[str, str]:
        """Return what stands behind `can_write`, for people."""

    def gauges(self) -> dict[GaugeName, float]:
        """Return how much waits, and since when."""

    async def start(self) -> None:
        """Begin what runs in the background; once, before the first record."""

    async def close(self) -> None:
        """Wait for what is under way, then let go."""


def tells(future: asyncio.Future[None]) -> Heard:
    """Return what passes on how it went to a request that waits, if it still does."""

    def heard(error: NotDurable | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)

    return heard
