"""A funnel as one SELECT: which events are its steps, and how tries are made of them.

What a try is, and which one counts, stands in docs/decisions/0042-a-funnel-is-its-tries.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from schemas.goals import Destination, Event, Match
from schemas.load import DIMENSIONS, RECORDS, RULES
from schemas.loaders.metrics import Dimension
from serving.query.files import compose
from serving.query.periods import Span
from serving.query.properties import is_one_of
from serving.query.sql import Sql, Statement, bracketed, joined, sql
from serving.scope import SiteScope

Order = Literal["ordered", "strict", "any"]
PAGE_VIEW: Final = "page_view"
_COLUMNS: Final = {field.name for field in RECORDS["event_row"].fields}
BREAKDOWNS: Final = {name: one for name, one in DIMENSIONS.items() if one.column in _COLUMNS}
_PATHS: Final[dict[Match, str]] = {
    "exact": "page_path = ?",
    "contains": "strpos(page_path, ?) > 0",
    "regex": "regexp_like(page_path, ?)",
}


@dataclass(frozen=True)
class Deed:
    """One thing a visitor did: an event, on a page if one is given."""

    event: Event
    page: Destination | None = None


@dataclass(frozen=True)
class Step:
    """A step of a funnel; whoever passes over an optional one goes on to the next."""

    deed: Deed
    is_optional: bool = False


@dataclass(frozen=True)
class Exclusion:
    """What ends a try that has come to step `after` and not yet to `before`; steps count from 1."""

    deed: Deed
    after: int
    before: int


@dataclass(frozen=True)
class FunnelAsk:
    """What is wanted, without the site and its days; the first step is never optional."""

    steps: tuple[Step, ...]
    order: Order
    window_seconds: int
    exclusions: tuple[Exclusion, ...] = ()
    breakdown: Dimension | None = None
    values: int = RULES.funnels.values

    def reach(self, span: Span) -> Span:
        """Return where the steps of tries lie that begin within a span."""
        return Span(span.start, span.end + timedelta(seconds=self.window_seconds), span.zone)


def compile_funnel(ask: FunnelAsk, span: Span, scope: SiteScope) -> Statement:
    """Return the statement; each row of its answer is a step of all visitors or of one value.

    `span`: where a try begins. Its other steps may lie a window later.
    """
    window_ms = sql("?", ask.window_seconds * 1000)
    count = sql("?", len(ask.steps))
    is_strict = sql("?", ask.order == "strict")
    parts = {
        "site_id": sql("?", scope.site_id),
        "exclude_bots": sql("?", scope.exclude_bots),
        "start": sql("?", span.start),
        "end": sql("?", span.end),
        "last": sql("?", ask.reach(span).end),
        "steps": _array(_if(step.deed, str(n)) for n, step in _numbered(ask)),
        "ended": _array(_ended(exclusion) for exclusion in ask.exclusions),
        "names": _marks(_names(ask)),
        "background": _marks(RULES.funnels.background),
        "is_strict": is_strict,
        "value": sql(ask.breakdown.column if ask.breakdown else "CAST(NULL AS varchar)"),
        "is_broken_down": sql("?", ask.breakdown is not None),
        "values": sql("?", ask.values),
        "fold": _fold(ask, count, window_ms, is_strict),
    }
    return Statement(scope.site_id, compose("funnel", parts))


def step_before(ask: FunnelAsk, number: int) -> int:
    """Return the last step before one that nobody passes over, 0 for the first."""
    required = [n for n, step in _numbered(ask) if n < number and not step.is_optional]
    return max(required, default=0)


def _fold(ask: FunnelAsk, count: Sql, window_ms: Sql, is_strict: Sql) -> Sql:
    if ask.order == "any":
        needs = _array(sql("?", _needed(ask, n)) for n, _ in _numbered(ask))
        return compose(
            "funnel_in_any_order", {"count": count, "window_ms": window_ms, "needs": needs}
        )
    befores = _array(sql("?", step_before(ask, n)) for n, _ in _numbered(ask))
    parts = {"count": count, "window_ms": window_ms, "befores": befores, "is_strict": is_strict}
    return compose("funnel_in_order", parts)


def _needed(ask: FunnelAsk, number: int) -> int:
    """Return as bits what has to be done for a step, in whichever order."""
    before = {n for n, step in _numbered(ask) if n < number and not step.is_optional}
    return sum(1 << n for n in before | {number})


def _numbered(ask: FunnelAsk) -> list[tuple[int, Step]]:
    return list(enumerate(ask.steps, start=1))


def _ended(exclusion: Exclusion) -> Sql:
    return _if(exclusion.deed, f"sequence({exclusion.after}, {exclusion.before - 1})")


def _if(deed: Deed, then: str) -> Sql:
    return bracketed(_met(deed) + sql(f", {then}"), before="if")


def _met(deed: Deed) -> Sql:
    tests = [sql("event_name = ?", deed.event.event_name)]
    if deed.page:
        tests.append(sql(_PATHS[deed.page.match], deed.page.path))
    tests += [is_one_of(one.name, (one.value,)) for one in deed.event.properties]
    return joined(tests, " AND ")


def _names(ask: FunnelAsk) -> Sequence[str]:
    deeds = [step.deed for step in ask.steps] + [one.deed for one in ask.exclusions]
    return sorted({deed.event.event_name for deed in deeds})


def _array(parts: Iterable[Sql]) -> Sql:
    return Sql("ARRAY[") + joined(parts, ", ") + Sql("]")


def _marks(texts: Sequence[str]) -> Sql:
    return joined((sql("?", text) for text in texts), ", ")
