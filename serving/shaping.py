"""Gives what was read the shape of an answer: rows, comparison, totals, meta."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.load import METRICS
from serving.asked import Asked
from serving.cache import Found
from serving.freshness import State
from serving.lake import Records
from serving.query import periods, rows
from serving.query.ask import Bucketing, cursor_for
from serving.query.periods import Span
from serving.query.plan import plan, warnings
from serving.query.schemas import Definition, Meta, Number, Period, Row, Totals


@dataclass
class Reading:
    """What reading found out beside the figures."""

    is_cached: bool = True
    stale_since: float | None = None

    def saw(self, found: Found[Records]) -> Records:
        """Return the figures found, after noting how they came."""
        self.is_cached = self.is_cached and found.is_cached
        if found.is_stale:
            self.stale_since = min(self.stale_since or found.computed_at, found.computed_at)
        return found.value


def rows_of(asked: Asked, table: rows.Table | None, totals: rows.Counts) -> list[rows.Keyed]:
    """Return all rows from the asked page on; without a dimension the totals are the row."""
    ask = asked.ask
    if table is None:
        return [((), Row(dimensions=[], metrics=rows.metric_values(ask.metrics, totals)))]
    if ask.unit and ask.is_series:
        every = periods.buckets(asked.span, ask.unit, asked.now)
        return rows.series(ask, table, every, asked.span.tz)[ask.offset :]
    found = rows.breakdown(ask, table, asked.span.tz)
    is_cut = len(plan(ask, asked.span, asked.state.open_from(asked.span))) == 1
    return found if is_cut else found[ask.offset :]


def with_comparison(asked: Asked, found: list[rows.Keyed], then: rows.Table) -> list[rows.Keyed]:
    """Put beside each row the same row of the earlier period."""
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


def totals_of(asked: Asked, now: rows.Counts, then: rows.Counts) -> Totals:
    """Return the totals, beside those of the earlier period if there is one."""
    metrics: list[Number] = rows.metric_values(asked.ask.metrics, now)
    if asked.earlier is None:
        return Totals(metrics=metrics)
    earlier = rows.metric_values(asked.ask.metrics, then)
    return Totals(metrics=metrics, comparison=rows.compared(metrics, earlier, []))


def next_cursor(asked: Asked) -> str:
    """Return the cursor of the page after this one."""
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


def meta_of(asked: Asked, read: Reading, started: float) -> Meta:
    """Say how far an answer can be trusted; `started` is when answering began."""
    sources = sorted({f"analytics.{p.view}" for p in plan(asked.ask, asked.span, asked.now)})
    meta = meta_without_metrics(asked.state, asked.span, asked.now, read, started, sources)
    return meta.model_copy(
        update={
            "incomplete": _incomplete(asked),
            "compared_with": _period(asked.earlier) if asked.earlier else None,
            "definitions": [definition(name) for name in asked.question.metrics],
            "warnings": warnings(asked.ask) + meta.warnings,
        }
    )


def meta_without_metrics(
    state: State, span: Span, now: datetime, read: Reading, started: float, source: list[str]
) -> Meta:
    """Say how fresh figures of a span are, whatever was asked."""
    as_of, notes = state.as_of, []
    if read.stale_since is not None:
        stale = datetime.fromtimestamp(read.stale_since, UTC)
        as_of = min(as_of, stale) if as_of else stale
        notes.append(
            f"The lake did not answer in time: these are the figures of {stale:%H:%M:%S} UTC."
        )
    age = (now - as_of).total_seconds() if as_of else None
    return Meta(
        as_of=as_of,
        freshness_seconds=max(0.0, round(age, 3)) if age is not None else None,
        provisional=state.open_from(span) < span.end,
        incomplete=None,
        period=_period(span),
        definitions=[],
        source=source,
        cached=read.is_cached,
        stale=read.stale_since is not None,
        took_ms=round((time.perf_counter() - started) * 1000, 1),
        warnings=notes,
    )
