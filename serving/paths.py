"""Which way the visitors of a site walk: steps onwards from a page, or back from it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from pydantic import BaseModel, Field

from schemas.load import RULES
from serving.asking import SiteView
from serving.lake import Records
from serving.query import periods
from serving.query.files import read_query
from serving.query.schemas import Meta
from serving.query.sql import Statement, sql
from serving.scope import SiteScope

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


class PathsView(SiteView):
    """Answers how sessions walk."""

    async def of(self, scope: SiteScope, ask: PathsAsk) -> Paths:
        """Return the steps; older ones with their age while Trino is away."""
        span = periods.of_dates(ask.first, ask.last, scope.timezone)
        links, meta = await self.read(statement_of(scope, ask), scope, span, VIEW)
        return Paths(
            site=scope.site_id,
            direction=ask.direction,
            page=ask.page,
            steps=_steps(links),
            links=[_link(link) for link in links],
            meta=meta,
        )


def statement_of(scope: SiteScope, ask: PathsAsk) -> Statement:
    """Write the question; every value is a parameter."""
    chosen = (ask.direction, ask.page, ask.channel, ask.device, scope.exclude_bots)
    read = (scope.site_id, ask.first, ask.last)
    limits = (ask.steps, ask.steps, ask.steps, ask.pages)
    return Statement(scope.site_id, sql(read_query("paths"), *chosen, *read, *limits))


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
