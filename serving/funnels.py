"""How many visitors of a site come to each step of a funnel, and how long it takes them."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import Any, Final

from pydantic import BaseModel, Field

from serving.asking import SiteView
from serving.query import periods
from serving.query.funnel import FunnelAsk, Order, compile_funnel, step_before
from serving.query.schemas import Meta, Value
from serving.scope import SiteScope

VIEW: Final = "analytics.events"


class FunnelStep(BaseModel):
    """How many came to a step; the step before is the last one that is not optional."""

    step: int
    optional: bool
    visitors: int
    share_of_first: float | None = Field(description="Null if nobody came to the first step.")
    share_of_previous: float | None = Field(description="Null for the first step.")
    drop_offs: int | None = Field(
        description="Visitors of the step before who did not come here; null for the first step "
        "and for one that may be passed over."
    )
    median_seconds: float | None = Field(
        description="From the step done before; in any order from the try's first event."
    )
    p90_seconds: float | None


class FunnelGroup(BaseModel):
    """The steps of those whose first event has a value, or one that is not told by name."""

    value: Value
    other: bool = Field(description="True: all values beyond those told, together.")
    steps: list[FunnelStep]


class Funnel(BaseModel):
    """A funnel's steps over all visitors; a breakdown has most visitors first."""

    site: str
    order: Order
    window_seconds: int
    steps: list[FunnelStep]
    breakdown: list[FunnelGroup]
    meta: Meta


class FunnelsView(SiteView):
    """Answers how far visitors come."""

    async def of(self, scope: SiteScope, ask: FunnelAsk, first: date, last: date) -> Funnel:
        """Return the steps of tries begun on local dates; older ones while Trino is away."""
        span = periods.of_dates(first, last, scope.timezone)
        statement = compile_funnel(ask, span, scope)
        # A late step changes what was begun before: as long as the window is open, so is this.
        rows, meta = await self.read(statement, scope, ask.reach(span), VIEW)
        whole = [row for row in rows if row[0]]
        return Funnel(
            site=scope.site_id,
            order=ask.order,
            window_seconds=ask.window_seconds,
            steps=_steps(ask, whole),
            breakdown=_groups(ask, (row for row in rows if not row[0])),
            meta=meta,
        )


def _groups(ask: FunnelAsk, rows: Iterable[Sequence[Any]]) -> list[FunnelGroup]:
    groups = [
        FunnelGroup(value=value, other=not is_named, steps=_steps(ask, list(of_value)))
        for (is_named, value), of_value in groupby(rows, key=lambda row: (row[1], row[2]))
    ]
    # Sorting is stable: values of as many visitors stay in the order of their names.
    return sorted(groups, key=lambda group: (group.other, -group.steps[0].visitors))


def _steps(ask: FunnelAsk, rows: Sequence[Sequence[Any]]) -> list[FunnelStep]:
    """Give every step its row; those that nobody came to have none."""
    reached = {row[3]: row[4:] for row in rows}
    return [_step(ask, number, reached) for number in range(1, len(ask.steps) + 1)]


def _step(ask: FunnelAsk, number: int, reached: dict[int, Sequence[Any]]) -> FunnelStep:
    visitors, median, p90 = reached.get(number, (0, None, None))
    before, is_optional = step_before(ask, number), ask.steps[number - 1].is_optional
    previous = _visitors(reached, before) if before else None
    return FunnelStep(
        step=number,
        optional=is_optional,
        visitors=visitors,
        share_of_first=_share(visitors, _visitors(reached, 1)),
        share_of_previous=_share(visitors, previous),
        drop_offs=None if previous is None or is_optional else previous - visitors,
        median_seconds=_seconds(median) if before else None,
        p90_seconds=_seconds(p90) if before else None,
    )


def _visitors(reached: dict[int, Sequence[Any]], number: int) -> int:
    visitors: int = reached[number][0] if number in reached else 0
    return visitors


def _share(part: int, whole: int | None) -> float | None:
    return part / whole if whole else None


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
