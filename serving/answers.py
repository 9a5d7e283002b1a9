"""Answers questions: resolves the range, asks the cache for each part, puts rows together."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from serving.asked import Asked, bucket_of, earlier_of
from serving.cache import Cache, Found
from serving.errors import query_error
from serving.freshness import Freshness
from serving.lake import Lake, Records
from serving.query import periods, rows
from serving.query.ask import Ask, check, default_limit
from serving.query.compiler import MAX_GROUPS, compile_part
from serving.query.periods import Span
from serving.query.plan import Part, plan
from serving.query.schemas import Answer, Question
from serving.scope import SiteScope
from serving.shaping import Reading, meta_of, next_cursor, rows_of, totals_of, with_comparison

_LESS: Final = (
    "Filter, leave out `compare`, or ask for metrics of sessions and of events one by one."
)


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
        earlier = earlier_of(question, span, now)
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
        read = Reading()
        table, totals, then, then_totals = await asyncio.gather(
            self._table(asked, asked.ask, asked.span, read) if asked.ask.dimensions else _none(),
            self._totals(asked, asked.span, read),
            self._earlier_table(asked, read),
            self._totals(asked, asked.earlier, read),
        )
        if asked.ask.is_series:
            totals, then_totals = rows.summed(table) | totals, rows.summed(then) | then_totals
        found = rows_of(asked, table, totals)
        more = len(found) > asked.ask.limit
        found = found[: asked.ask.limit]
        if asked.earlier:
            found = with_comparison(asked, found, then or rows.Table({(): then_totals}))
        return Answer(
            rows=[row for _, row in found],
            totals=totals_of(asked, totals, then_totals) if asked.question.totals else None,
            next_cursor=next_cursor(asked) if more else None,
            query=asked.question,
            meta=meta_of(asked, read, started),
        )

    async def _table(self, asked: Asked, ask: Ask, span: Span, read: Reading) -> rows.Table:
        parts = plan(ask, span, asked.state.open_from(span))
        found = await asyncio.gather(*(self._part(asked, ask, part, span) for part in parts))
        table = rows.Table({})
        for part, one in zip(parts, found, strict=True):
            records = read.saw(one)
            if len(records) > MAX_GROUPS:  # more than a page: what has to be put together here
                raise query_error(("dimensions",), f"More than {MAX_GROUPS} combinations.", _LESS)
            table.add(part, records, len(ask.dimensions))
        return table

    async def _part(self, asked: Asked, ask: Ask, part: Part, whole: Span) -> Found[Records]:
        statement = compile_part(ask, part, whole, asked.scope)
        token = asked.state.version(part.span) if part.is_closed else bucket_of(asked.now)
        return await self._cache.get(
            statement, token, lambda: self._lake.rows(statement, asked.scope), len
        )

    async def _totals(self, asked: Asked, span: Span | None, read: Reading) -> rows.Counts:
        """Count over the whole span what the rows of a series cannot be added up to."""
        metrics = asked.ask.metrics
        if asked.ask.is_series:
            metrics = tuple(metric for metric in metrics if not metric.is_additive)
        is_wanted = asked.question.totals or not asked.ask.dimensions
        if span is None or not metrics or not is_wanted:
            return {}
        ask = replace(asked.ask, metrics=metrics, dimensions=(), compares=(), order=(), offset=0)
        parts = plan(ask, span, asked.state.open_from(span), as_in=asked.ask)
        found = await asyncio.gather(*(self._part(asked, ask, part, span) for part in parts))
        table = rows.Table({})
        for part, one in zip(parts, found, strict=True):
            table.add(part, read.saw(one), 0)
        return table.groups.get((), {})

    async def _earlier_table(self, asked: Asked, read: Reading) -> rows.Table | None:
        if asked.earlier is None or not asked.ask.dimensions:
            return None
        ask = replace(asked.ask, compares=(), offset=0, limit=MAX_GROUPS)
        return await self._table(asked, ask, asked.earlier, read)


async def _none() -> None:
    return None
