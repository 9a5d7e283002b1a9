"""Answers questions: resolves the range, asks the cache for each part, puts rows together."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from schemas.load import METRICS
from serving.cache import Cache, Found
from serving.errors import query_error
from serving.freshness import Freshness, State
from serving.lake import Lake, Records
from serving.query import periods, rows
from serving.query.ask import Ask, Bucketing, check, cursor_for, default_limit
from serving.query.compiler import MAX_GROUPS, compile_part
from serving.query.periods import Span
from serving.query.plan import Part, plan, warnings
from serving.query.schemas import (
    Answer,
    Definition,
    Meta,
    Number,
    Period,
    Question,
    Row,
    Totals,
)
from serving.scope import SiteScope

BUCKET_SECONDS: Final = 5


@dataclass(frozen=True)
class Asked:
    """A question with everything that is needed to answer it, and nothing read yet."""

    question: Question
    ask: Ask
    scope: SiteScope
    span: Span
    earlier: Span | None
    state: State
    now: datetime

    @property
    def is_provisional(self) -> bool:
        """Whether a day of the range may still change."""
        return self.state.open_from(self.span) < self.span.end

    @property
    def token(self) -> tuple[str, int]:
        """Name the version of the data: the closed days' runs, and the 5 s bucket if open."""
        spans = [self.span] + ([self.earlier] if self.earlier else [])
        is_open = any(self.state.open_from(span) < span.end for span in spans)
        version = "-".join(self.state.version(span) for span in spans)
        return version, bucket_of(self.now) if is_open else 0


def bucket_of(now: datetime) -> int:
    """Return the number of the 5 s bucket of an instant; 0 is kept for closed days."""
    return int(now.timestamp()) // BUCKET_SECONDS


@dataclass
class _Read:
    """What reading found out beside the figures."""

    is_cached: bool = True
    stale_since: float | None = None

    def saw(self, found: Found[Records]) -> Records:
        self.is_cached = self.is_cached and found.is_cached
        if found.is_stale:
            self.stale_since = min(self.stale_since or found.computed_at, found.computed_at)
        return found.value


class Answers:
    """Questions in, answers out; figures are shared between questions that need the same."""

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

    async def prepare(self, question: Question, scope: SiteScope) -> Asked:
        """Check a question and resolve its range; raises QueryError before anything is read."""
        question = question.model_copy(
            update={
                "timezone": question.timezone or scope.timezone,
                "limit": question.limit or default_limit(question),
            }
        )
        ask = check(question)
        now = datetime.fromtimestamp(self._clock(), UTC)
        span = await self._span(question, scope, now)
        plan(ask, span, span.end)  # a combination without meaning is refused before reading
        if ask.unit:
            periods.buckets(span, ask.unit, now)
        earlier = _earlier(question, span, now)
        return Asked(question, ask, scope, span, earlier, await self._freshness.of(scope), now)

    async def _span(self, question: Question, scope: SiteScope, now: datetime) -> Span:
        first = now.date()
        if question.date_range == "all":
            found = await self._cache.get(
                ("first_date", scope),
                bucket_of(now) // 12,
                lambda: self._freshness.first_date(scope),
            )
            first = found.value or first
        return periods.resolve(question.date_range, question.timezone or "UTC", now, first)

    async def answer(self, asked: Asked) -> Answer:
        """Read what is asked and return it.

        Raises LakeUnavailable or LakeBusy only if no older figures can stand in.
        """
        started = time.perf_counter()
        read = _Read()
        table, totals, then, then_totals = await asyncio.gather(
            self._table(asked, asked.ask, asked.span, read) if asked.ask.dimensions else _none(),
            self._totals(asked, asked.span, read),
            self._earlier_table(asked, read),
            self._totals(asked, asked.earlier, read) if asked.earlier else _none(),
        )
        found = _rows(asked, table, totals)
        more = len(found) > asked.ask.limit
        found = found[: asked.ask.limit]
        if asked.earlier:
            found = _with_comparison(asked, found, then or rows.Table({(): then_totals or {}}))
        return Answer(
            rows=[row for _, row in found],
            totals=_totals(asked, totals, then_totals),
            next_cursor=_next(asked) if more else None,
            query=asked.question,
            meta=self._meta(asked, read, started),
        )

    async def _table(self, asked: Asked, ask: Ask, span: Span, read: _Read) -> rows.Table:
        parts = plan(ask, span, asked.state.open_from(span))
        found = await asyncio.gather(*(self._part(asked, ask, part, span) for part in parts))
        table = rows.Table({})
        for part, one in zip(parts, found, strict=True):
            records = read.saw(one)
            if len(records) > MAX_GROUPS and not part.is_whole:
                raise query_error(
                    ("dimensions",),
                    f"More than {MAX_GROUPS} combinations.",
                    "Filter, or ask for metrics of sessions and of events one by one.",
                )
            table.add(part, records, len(ask.dimensions))
        return table

    async def _part(self, asked: Asked, ask: Ask, part: Part, whole: Span) -> Found[Records]:
        statement = compile_part(ask, part, whole, asked.scope)
        token = asked.state.version(part.span) if part.is_closed else bucket_of(asked.now)
        return await self._cache.get(
            statement, token, lambda: self._lake.rows(statement, asked.scope), len
        )

    async def _totals(self, asked: Asked, span: Span, read: _Read) -> rows.Counts:
        ask = replace(asked.ask, dimensions=(), compares=(), order=(), offset=0)
        parts = plan(ask, span, asked.state.open_from(span), as_in=asked.ask)
        found = await asyncio.gather(*(self._part(asked, ask, part, span) for part in parts))
        table = rows.Table({})
        for part, one in zip(parts, found, strict=True):
            table.add(part, read.saw(one), 0)
        return table.groups.get((), {})

    async def _earlier_table(self, asked: Asked, read: _Read) -> rows.Table | None:
        if asked.earlier is None or not asked.ask.dimensions:
            return None
        ask = replace(asked.ask, compares=(), offset=0, limit=MAX_GROUPS)
        return await self._table(asked, ask, asked.earlier, read)

    def _meta(self, asked: Asked, read: _Read, started: float) -> Meta:
        notes = warnings(asked.ask)
        as_of = asked.state.as_of
        if read.stale_since is not None:
            stale = datetime.fromtimestamp(read.stale_since, UTC)
            as_of = min(as_of, stale) if as_of else stale
            notes.append(
                f"The lake does not answer: these are the figures of {stale:%H:%M:%S} UTC."
            )
        age = (asked.now - as_of).total_seconds() if as_of else None
        return Meta(
            as_of=as_of,
            freshness_seconds=max(0.0, round(age, 3)) if age is not None else None,
            provisional=asked.is_provisional,
            incomplete=_incomplete(asked),
            period=_period(asked.span),
            compared_with=_period(asked.earlier) if asked.earlier else None,
            definitions=[definition(name) for name in asked.question.metrics],
            source=sorted({f"analytics.{p.view}" for p in plan(asked.ask, asked.span, asked.now)}),
            cached=read.is_cached,
            stale=read.stale_since is not None,
            took_ms=round((time.perf_counter() - started) * 1000, 1),
            warnings=notes,
        )


async def _none() -> None:
    return None


def _earlier(question: Question, span: Span, now: datetime) -> Span | None:
    match question.compare:
        case None:
            return None
        case "previous_period":
            return periods.before(span, now)
        case "previous_year":
            return periods.year_before(span, now)
        case other:
            return periods.between(other, span.zone, ("compare",))


def _rows(asked: Asked, table: rows.Table | None, totals: rows.Counts) -> list[rows.Keyed]:
    ask = asked.ask
    if table is None:
        return [((), Row(dimensions=[], metrics=rows.metric_values(ask.metrics, totals)))]
    if ask.unit and not ask.properties:
        every = periods.buckets(asked.span, ask.unit, asked.now)
        return rows.series(ask, table, every, asked.span.tz)[ask.offset :]
    found = rows.breakdown(ask, table, asked.span.tz)
    is_cut = len(plan(ask, asked.span, asked.state.open_from(asked.span))) == 1
    return found if is_cut else found[ask.offset :]


def _with_comparison(asked: Asked, found: list[rows.Keyed], then: rows.Table) -> list[rows.Keyed]:
    if asked.earlier is None:
        return found
    moved = _moved_keys(asked, found)
    return [(key, _compared_row(asked, row, moved[key], then)) for key, row in found]


def _compared_row(asked: Asked, row: Row, key: rows.Key | None, then: rows.Table) -> Row:
    if key is None:
        return row
    values = rows.metric_values(asked.ask.metrics, then.groups.get(key, {}))
    shown = rows.shown_key(asked.ask, key, asked.span.tz)
    return row.model_copy(update={"comparison": rows.compared(row.metrics, values, shown)})


def _moved_keys(asked: Asked, found: list[rows.Keyed]) -> dict[rows.Key, rows.Key | None]:
    """Say which key of the earlier period stands beside each key: the bucket of the same place."""
    ask = asked.ask
    if asked.earlier is None or ask.unit is None:
        return {key: key for key, _ in found}
    place = next(i for i, d in enumerate(ask.dimensions) if isinstance(d, Bucketing))
    now = [rows.in_utc(b) for b in periods.buckets(asked.span, ask.unit, asked.now)]
    then = [rows.in_utc(b) for b in periods.buckets(asked.earlier, ask.unit, asked.now)]
    beside = dict(zip(now, then, strict=False))
    return {key: _at(key, place, beside.get(key[place])) for key, _ in found}


def _at(key: rows.Key, place: int, bucket: object) -> rows.Key | None:
    return None if bucket is None else (*key[:place], bucket, *key[place + 1 :])


def _totals(asked: Asked, now: rows.Counts, then: rows.Counts | None) -> Totals:
    metrics: list[Number] = rows.metric_values(asked.ask.metrics, now)
    if then is None:
        return Totals(metrics=metrics)
    earlier = rows.metric_values(asked.ask.metrics, then)
    return Totals(metrics=metrics, comparison=rows.compared(metrics, earlier, []))


def _next(asked: Asked) -> str:
    return cursor_for(asked.question, asked.ask.offset + asked.ask.limit)


def _incomplete(asked: Asked) -> str | None:
    if not asked.ask.unit or not asked.span.start <= asked.now < asked.span.end:
        return None
    last = periods.buckets(asked.span, asked.ask.unit, asked.now)[-1]
    return periods.written(last)


def _period(span: Span) -> Period:
    zone = span.tz
    return Period(
        start=span.start.astimezone(zone), end=span.end.astimezone(zone), timezone=span.zone
    )


def definition(name: str) -> Definition:
    """Return what a metric means, as the registry has it."""
    metric = METRICS[name]
    return Definition(name=name, label=metric.label, definition=metric.definition, unit=metric.unit)
