"""How far the lake has come: which days of a site are closed, and up to when events are in.

Kept in memory and asked for again after 5 s, in the background while somebody waits for an
answer, so that a question about closed days alone needs no round trip to Trino.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from serving.errors import Unavailable
from serving.lake import Lake
from serving.query.files import read_query
from serving.query.periods import Span, midnight
from serving.query.sql import Statement, sql
from serving.scope import SiteScope

FRESH_SECONDS: Final = 5.0
TRUST_SECONDS: Final = 15.0  # older than this, the next question waits for the news


@dataclass(frozen=True)
class State:
    """What is known about one site.

    `runs`: run that counts by closed local date.
    `as_of`: every event appended until then is in the tables; None before the first event.
    """

    runs: dict[date, str]
    as_of: datetime | None
    seen_at: float = 0.0
    zone: str = "UTC"

    def open_from(self, span: Span) -> datetime:
        """Return the instant from which days of a span may still change."""
        day, last = span.start.astimezone(ZoneInfo(self.zone)).date(), span.end
        while midnight(day, self.zone) < last:
            if day not in self.runs:
                return midnight(day, self.zone)
            day += timedelta(days=1)
        return last

    def version(self, span: Span) -> str:
        """Name the state of the closed days of a span; it changes when one is restated."""
        first, last = span.start.date() - timedelta(days=1), span.end.date() + timedelta(days=1)
        runs = sorted((str(day), run) for day, run in self.runs.items() if first <= day <= last)
        return hashlib.sha256(repr(runs).encode()).hexdigest()[:16]


@dataclass
class _Known:
    state: State | None = None
    refresh: "asyncio.Task[State] | None" = field(default=None)


class Freshness:
    """The states of all sites that were asked about."""

    def __init__(self, lake: Lake, clock: Callable[[], float] = time.time) -> None:
        self._lake = lake
        self._clock = clock
        self._known: dict[str, _Known] = {}

    async def of(self, scope: SiteScope) -> State:
        """Return what is known, asking Trino if that is nothing or old.

        Raises LakeUnavailable when Trino is away and nothing is known.
        """
        known = self._known.setdefault(scope.site_id, _Known())
        state, age = known.state, 0.0
        if state is not None:
            age = self._clock() - state.seen_at
            if age < FRESH_SECONDS and state.zone == scope.timezone:
                return state
        refresh = known.refresh or self._start(known, scope)
        if state is not None and age < TRUST_SECONDS and state.zone == scope.timezone:
            return state
        try:
            return await asyncio.shield(refresh)
        except Unavailable:
            if state is None:
                raise
            return state

    async def first_date(self, scope: SiteScope) -> date | None:
        """Return the local date of a site's earliest event, None if it has none."""
        rows = await self._lake.rows(_about(scope, "first_date"), scope)
        found: date | None = rows[0][0] if rows else None
        return found

    def _start(self, known: _Known, scope: SiteScope) -> "asyncio.Task[State]":
        async def fly() -> State:
            known.state = await self._ask(scope)
            return known.state

        def landed(done: "asyncio.Task[State]") -> None:
            known.refresh = None
            if not done.cancelled():
                done.exception()

        known.refresh = asyncio.get_running_loop().create_task(fly())
        known.refresh.add_done_callback(landed)
        return known.refresh

    async def _ask(self, scope: SiteScope) -> State:
        now = self._clock()
        runs, progress = await asyncio.gather(
            self._lake.rows(_about(scope, "closed_days"), scope),
            self._lake.system_rows(sql(read_query("watermark"))),
        )
        return State(
            runs={day: run for day, run in runs},
            as_of=_utc(progress[0][0] if progress else None),
            seen_at=now,
            zone=scope.timezone,
        )


def _about(scope: SiteScope, query: str) -> Statement:
    return Statement(scope.site_id, sql(read_query(query), scope.site_id))


def _utc(value: datetime | None) -> datetime | None:
    return value.astimezone(UTC) if value else None
