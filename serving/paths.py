"""Which way the visitors of a site walk: steps onwards from a page, or back from it."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from schemas.load import RULES
from serving.asked import bucket_of
from serving.cache import Cache
from serving.freshness import Freshness, State
from serving.lake import Lake, Records
from serving.query import periods
from serving.query.files import read_query
from serving.query.periods import Span
from serving.query.schemas import Meta
from serving.query.sql import Statement, sql
from serving.scope import SiteScope
from serving.shaping import Reading, meta_without_metrics

Direction = Literal["forward", "backward"]
VIEW: Final = "analytics.session_pages"


class PathLink(BaseModel):
    """Sessions that went from one page to the next; both are names, or what stands for them."""

    step: int = Field(description="1 leads to the page that walks begin with.")
    from_page: str | None = Field(description="Null where walks begin with the page asked for.")
    to_page: str
    sessions: int
    converted_sessions: int


class PathStep(BaseModel):
    """How many sessions have a page at this step, and how many of those end with it."""

    step: int
    sessions: int
    drop_offs: int = Field(description="Backward: sessions that began with this page.")


class Paths(BaseModel):
    """Links of a picture of flows, most sessions first in each step."""

    site: str
    direction: Direction
    page: str | None
    steps: list[PathStep]
    links: list[PathLink]
    meta: Meta


@dataclass(frozen=True)
class PathsAsk:
    """What is wanted: local dates, both included; None: all of them, or from the end on."""

    first: date
    last: date
    direction: Direction
    page: str | None
    steps: int
    pages: int
    channel: str | None
    device: str | None


class PathsView:
    """Answers how sessions walk; closed days from memory, the others read once in 5 s."""

    def __init__(
        self,
        lake: Lake,
        cache: Cache,
        freshness: Freshness,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._lake = lake
        self._cache = cache
        self._freshness = freshness
        self._clock = clock

    def today(self, scope: SiteScope) -> date:
        """Return the site's local date."""
        return datetime.fromtimestamp(self._clock(), ZoneInfo(scope.timezone)).date()

    async def of(self, scope: SiteScope, ask: PathsAsk) -> Paths:
        """Return the steps; older ones with their age while Trino is away."""
        started, now = time.perf_counter(), datetime.fromtimestamp(self._clock(), UTC)
        span = periods.of_dates(ask.first, ask.last, scope.timezone)
        state = await self._freshness.of(scope)
        statement, read = statement_of(scope, ask), Reading()
        found = await self._cache.get(
            statement,
            _token(state, span, now),
            lambda: self._lake.rows(statement, scope),
            len,
        )
        links = read.saw(found)
        return Paths(
            site=scope.site_id,
            direction=ask.direction,
            page=ask.page,
            steps=_steps(links),
            links=[_link(link) for link in links],
            meta=meta_without_metrics(state, span, now, read, started, [VIEW]),
        )


def statement_of(scope: SiteScope, ask: PathsAsk) -> Statement:
    """Write the question; every value is a parameter."""
    chosen = (ask.direction, ask.page, ask.channel, ask.device, scope.exclude_bots)
    read = (scope.site_id, ask.first, ask.last)
    limits = (ask.steps, ask.steps, ask.steps, ask.pages)
    return Statement(scope.site_id, sql(read_query("paths"), *chosen, *read, *limits))


def _token(state: State, span: Span, now: datetime) -> tuple[str, int]:
    is_open = state.open_from(span) < span.end
    return state.version(span), bucket_of(now) if is_open else 0


def _link(row: Sequence[Any]) -> PathLink:
    step, from_page, to_page, _, sessions, converted = row
    return PathLink(
        step=step,
        from_page=from_page,
        to_page=to_page,
        sessions=sessions,
        converted_sessions=converted,
    )


def _steps(links: Records) -> list[PathStep]:
    """Add up who comes to a step, and who ends: the links to an end are those of the next one."""
    coming, ending = Counter[int](), Counter[int]()
    for step, _, to_page, is_end, sessions, _ in links:
        if not is_end:
            coming[step] += sessions
        elif to_page != RULES.paths.more:
            ending[step - 1] += sessions
    return [
        PathStep(step=step, sessions=coming[step], drop_offs=ending[step])
        for step in sorted(coming)
    ]
