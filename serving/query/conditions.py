"""Filters as conditions over a view.

Each condition is true or false, never null, so that `not` means what it says. In a question
over sessions a filter on an event's property keeps sessions with at least one such event.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from schemas.load import RULES
from schemas.loaders.metrics import Dimension
from serving.query.filters import Every, HasDone, Match, Node, Not, Some, leaves
from serving.query.periods import Span
from serving.query.properties import is_one_of, text_of
from serving.query.sql import Sql, bracketed, joined, sql
from serving.scope import SiteScope

TIME_COLUMN: Final = {"events": "event_at", "sessions": "started_at"}
_SESSION_COLUMNS: Final = (
    "entry_page", "exit_page", "source", "medium", "campaign", "channel", "referrer_host",
    "country", "device", "browser", "os",
)  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """Which rows a statement reads: one view of one site over a span.

    `with_session`: each event stands beside its session, so that both can be asked about.
    `whole` is the span of the question; `span` may be the part of it that one statement reads.
    """

    view: str
    scope: SiteScope
    span: Span
    whole: Span
    with_session: bool = False

    @property
    def time_column(self) -> str:
        """The column that decides whether a row lies in the span."""
        return TIME_COLUMN[self.view]

    def column(self, dimension: Dimension) -> Sql:
        """Return the column of a dimension as this reading names it, or what its key holds."""
        if dimension.key is not None:
            return text_of(dimension.key)
        prefix = "session_" if self.view == "events" and dimension.view == "sessions" else ""
        return sql(prefix + dimension.column)


def reading_of(view: str, scope: SiteScope, span: Span, whole: Span, used: set[str]) -> Reading:
    """Return a reading of a view that has the properties of all views in `used`."""
    return Reading(view, scope, span, whole, view == "events" and "sessions" in used)


def source(reading: Reading, nodes: tuple[Node, ...], extra: tuple[Sql, ...] = ()) -> Sql:
    """Write `FROM ... WHERE ...` of a reading with all its conditions."""
    conditions = [*_bounds(reading, reading.view), *extra]
    if nodes:
        conditions.append(condition(Every(nodes), reading))
    return sql("FROM") + _relation(reading) + sql("WHERE") + joined(conditions, " AND ")


def _bounds(reading: Reading, view: str) -> list[Sql]:
    column, span = TIME_COLUMN[view], reading.span
    bounds = [
        sql("site_id = ?", reading.scope.site_id),
        sql(f"{column} >= ?", span.start),
        sql(f"{column} < ?", span.end),
    ]
    if view == "sessions":  # lets Iceberg skip files: a local date is at most a day off UTC's
        bounds.append(sql("started_date >= ?", span.start.date() - timedelta(days=1)))
        bounds.append(sql("started_date <= ?", span.end.date() + timedelta(days=1)))
    if reading.scope.exclude_bots:
        bounds.append(sql("NOT is_bot"))
    return bounds


def _relation(reading: Reading) -> Sql:
    if not reading.with_session:
        return sql(f"analytics.{reading.view}")
    return _events_with_session(reading)


def _events_with_session(reading: Reading) -> Sql:
    # TRICKY: sessions of one visitor lie further apart than the gap, so an event up to one gap
    # after the last one known belongs to that session, and to no other.
    lookback = timedelta(hours=RULES.sessions.restate_lookahead_hours)
    span = Span(reading.span.start - lookback, reading.span.end, reading.span.zone)
    names = ("session_id", "visitor_id", "started_at", "ended_at", *_SESSION_COLUMNS)
    columns = joined((sql(f"{name} AS session_{name}") for name in names), ", ")
    inner = sql("SELECT") + columns + sql("FROM analytics.sessions WHERE")
    inner += joined(_bounds(Reading("sessions", reading.scope, span, span), "sessions"), " AND ")
    return (
        sql("analytics.events JOIN")
        + bracketed(inner)
        + sql("ON visitor_id = session_visitor_id AND event_at >= session_started_at")
        + sql("AND event_at <= date_add('minute', ?, session_ended_at)", RULES.sessions.gap_minutes)
    )


def condition(node: Node, reading: Reading) -> Sql:
    """Write a filter as one condition in brackets."""
    if reading.view == "sessions" and _is_about_events(node):
        return _sessions_having(node, reading)
    match node:
        case Match():
            return _match(node, reading.column(node.dimension))
        case Every(parts=parts):
            return _all(parts, reading)
        case Some(parts=parts):
            return bracketed(joined((condition(part, reading) for part in parts), " OR "))
        case Not(part=part):
            return bracketed(condition(part, reading), before="NOT ")
        case HasDone(part=part):
            return _has_done(part, reading)


def _all(parts: tuple[Node, ...], reading: Reading) -> Sql:
    conditions = parts
    if reading.view == "sessions":  # properties of events that stand together: of one event
        about = tuple(part for part in parts if _is_about_events(part))
        rest = tuple(part for part in parts if part not in about)
        conditions = (*rest, Every(about)) if len(about) > 1 and rest else parts
        if len(about) > 1 and not rest:
            return _sessions_having(Every(about), reading)
    return bracketed(joined((condition(part, reading) for part in conditions), " AND "))


def _is_about_events(node: Node) -> bool:
    """Whether one event can have what is asked; `not` speaks of the whole session instead."""
    match node:
        case Match(dimension=dimension):
            return dimension.view == "events"
        case Every(parts=parts) | Some(parts=parts):
            return all(_is_about_events(part) for part in parts)
        case Not() | HasDone():
            return False


def _sessions_having(node: Node, reading: Reading) -> Sql:
    lookahead = timedelta(hours=RULES.sessions.restate_lookahead_hours)
    span = Span(reading.span.start, reading.span.end + lookahead, reading.span.zone)
    events = Reading("events", reading.scope, span, span, with_session=True)
    inner = sql("SELECT session_session_id") + source(events, (node,))
    return bracketed(inner, before="session_id IN ")


def _has_done(node: Node, reading: Reading) -> Sql:
    views = {dimension.view for dimension in leaves(node)}
    view = "sessions" if views == {"sessions"} else "events"
    inner = reading_of(view, reading.scope, reading.whole, reading.whole, views)
    known = sql("visitor_id IS NOT NULL")
    visitors = bracketed(
        sql("SELECT visitor_id") + source(inner, (node,), (known,)), before="visitor_id IN "
    )
    return bracketed(known + sql("AND") + visitors)


def _match(match: Match, column: Sql) -> Sql:
    texts = tuple(value for value in match.values if value is not None)
    test = _test_of_property if match.dimension.key is not None else _test
    positive = test(match, column, texts)
    if len(texts) < len(match.values):
        positive = bracketed(column + sql("IS NULL OR") + positive)
    return bracketed(positive, before="NOT ") if match.op.endswith("_not") else positive


def _test(match: Match, column: Sql, texts: tuple[str, ...]) -> Sql:
    tests = {"is": _is, "is_not": _is, "contains": _contains, "contains_not": _contains}
    return tests.get(match.op, _matches)(column, texts)


def _test_of_property(match: Match, column: Sql, texts: tuple[str, ...]) -> Sql:
    if match.op in ("is", "is_not"):
        return is_one_of(match.dimension.key or "", texts)
    if match.op == "matches":  # TRICKY: within `->` Trino would read the pattern for every row
        return bracketed(joined((_if_known(one) for one in _patterns(column, texts)), " OR "))
    # What is looked into stands in an array, so that it is read once, however often it is asked.
    asked = sql("value ->") + _contains(sql("value"), texts)
    return bracketed(Sql("ARRAY[") + column + Sql("],") + asked, before="any_match")


def _is(column: Sql, texts: tuple[str, ...]) -> Sql:
    if not texts:
        return sql("false")
    marks = joined((sql("?", text) for text in texts), ", ")
    return bracketed(column + sql("IS NOT NULL AND") + column + sql("IN") + bracketed(marks))


def _contains(column: Sql, texts: tuple[str, ...]) -> Sql:
    lowered = bracketed(column, before="lower")
    pairs = (lowered + sql(", lower(?)", text) for text in texts)
    return _any(column, (bracketed(pair, before="strpos", after=" > 0") for pair in pairs))


def _matches(column: Sql, texts: tuple[str, ...]) -> Sql:
    return _any(column, _patterns(column, texts))


def _patterns(column: Sql, texts: tuple[str, ...]) -> Iterator[Sql]:
    pairs = (column + sql(", ?", text) for text in texts)
    return (bracketed(pair, before="regexp_like") for pair in pairs)


def _any(column: Sql, tests: Iterable[Sql]) -> Sql:
    known = column + sql("IS NOT NULL AND")
    return bracketed(known + bracketed(joined(tests, " OR ")))


def _if_known(test: Sql) -> Sql:
    return bracketed(test + sql(", false"), before="coalesce")
