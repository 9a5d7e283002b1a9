"""What a report tells: asked of the query compiler like any question of the API."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from schemas.load import DIMENSIONS, METRICS, RULES
from schemas.loaders.report_rules import ReportTable
from serving.answers import Answers
from serving.asked import Asked
from serving.query.schemas import Answer, Number, Question, Row, Value
from serving.reports.periods import Every, Period, closes_at
from serving.scope import SiteScope

_PREVIOUS: Final = "previous_period"
_ANYTHING: Final = "events"  # the metric that is 0 on a day on which nothing happened


@dataclass(frozen=True)
class Measure:
    """A metric in the period and in the one before; `change` is None where there was nothing."""

    name: str
    label: str
    unit: str
    value: Number
    before: Number
    change: float | None


@dataclass(frozen=True)
class Day:
    """A day of the chart; one that `may_change` is not restated yet."""

    date: date
    value: Number
    is_in_period: bool
    may_change: bool


@dataclass(frozen=True)
class Line:
    """A row of a table: a dimension's value as a visitor may have sent it, and its metrics."""

    value: Value
    measures: tuple[Measure, ...]


@dataclass(frozen=True)
class Table:
    """The first rows of a breakdown, and whether there are more."""

    title: str
    dimension: str
    labels: tuple[str, ...]
    lines: tuple[Line, ...]
    has_more: bool


@dataclass(frozen=True)
class Figures:
    """All that a report of one site and period tells.

    `as_of`: every event appended until then is in it, None before a first one. `asked_at` is
    when that was looked up.
    """

    site_id: str
    site_name: str
    zone: str
    every: Every
    period: Period
    totals: tuple[Measure, ...]
    days: tuple[Day, ...]
    tables: tuple[Table, ...]
    as_of: datetime | None
    asked_at: datetime
    notes: tuple[str, ...]

    @property
    def open_dates(self) -> list[date]:
        """The days of the period whose figures may still change."""
        return [day.date for day in self.days if day.is_in_period and day.may_change]

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was counted in the period."""
        return not any(measure.value for measure in self.totals)


async def read_figures(
    answers: Answers, scope: SiteScope, site_name: str, every: Every, period: Period
) -> Figures:
    """Ask everything a report needs, side by side.

    Raises Unavailable when Trino is away; reading again gives the same.
    """
    rules = RULES.reports
    asked = await answers.prepare(_chart_question(scope, period), scope)
    chart, totals, *tables = await asyncio.gather(
        answers.answer(asked),
        _ask(answers, scope, _question(scope, rules.metrics, period, compares=True)),
        *(_ask(answers, scope, _table_question(scope, table, period)) for table in rules.tables),
    )
    return Figures(
        site_id=scope.site_id,
        site_name=site_name,
        zone=scope.timezone,
        every=every,
        period=period,
        totals=_measures(totals, totals.rows[0]),
        days=tuple(_day(row, asked, period) for row in chart.rows),
        tables=tuple(_table(*pair) for pair in zip(rules.tables, tables, strict=True)),
        as_of=chart.meta.as_of,
        asked_at=asked.now,
        notes=tuple(dict.fromkeys(note for one in (totals, *tables) for note in one.meta.warnings)),
    )


async def _ask(answers: Answers, scope: SiteScope, question: Question) -> Answer:
    return await answers.answer(await answers.prepare(question, scope))


def _question(
    scope: SiteScope,
    metrics: Iterable[str],
    period: Period,
    dimensions: Iterable[str] = (),
    *,
    compares: bool = False,
) -> Question:
    return Question(
        site=scope.site_id,
        metrics=list(metrics),
        dimensions=list(dimensions),
        date_range=[str(period.first), str(period.last)],
        compare=_PREVIOUS if compares else None,
    )


def _chart_question(scope: SiteScope, period: Period) -> Question:
    first = period.last - timedelta(days=RULES.reports.chart_days - 1)
    metrics = dict.fromkeys([RULES.reports.chart_metric, _ANYTHING])
    question = _question(scope, metrics, Period(first, period.last), ["time:day"])
    return question.model_copy(update={"totals": False})


def _table_question(scope: SiteScope, table: ReportTable, period: Period) -> Question:
    question = _question(scope, table.metrics, period, [table.dimension], compares=True)
    above_zero = [["greater", table.metrics[0], [0]]] if table.is_only_above_zero else []
    return question.model_copy(
        update={"limit": RULES.reports.table_rows, "totals": False, "filters": above_zero}
    )


def _measures(answer: Answer, row: Row) -> tuple[Measure, ...]:
    names, then = answer.query.metrics, row.comparison
    befores = then.metrics if then else [None] * len(names)
    changes = then.change if then else [None] * len(names)
    return tuple(
        Measure(name, METRICS[name].label, METRICS[name].unit, value, before, change)
        for name, value, before, change in zip(names, row.metrics, befores, changes, strict=True)
    )


def _day(row: Row, asked: Asked, period: Period) -> Day:
    day, (value, *rest) = date.fromisoformat(row.dimensions[0] or ""), row.metrics
    happened = bool(rest[0] if rest else value)
    return Day(
        date=day,
        value=value,
        is_in_period=period.first <= day <= period.last,
        may_change=_may_change(day, asked, happened),
    )


def _may_change(day: date, asked: Asked, happened: bool) -> bool:
    """Whether a day is still to be restated: a day without any event never is, once it is whole."""
    if day in asked.state.runs:
        return False
    as_of = asked.state.as_of
    is_whole = as_of is not None and as_of > closes_at(day, asked.scope.timezone)
    return happened or not is_whole


def _table(table: ReportTable, answer: Answer) -> Table:
    return Table(
        title=table.title,
        dimension=DIMENSIONS[table.dimension].label,
        labels=tuple(METRICS[name].label for name in table.metrics),
        lines=tuple(Line(row.dimensions[0], _measures(answer, row)) for row in answer.rows),
        has_more=answer.next_cursor is not None,
    )
