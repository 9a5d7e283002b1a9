"""Decide which views answer a question, and in which parts.

Fresh and cheap first: without a breakdown, events answer what they can, so that an event just
sent counts within seconds; a session's properties come from sessions; an event's from events.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from schemas.loaders.metrics import Metric
from serving.errors import query_error
from serving.query.ask import Ask
from serving.query.filters import has_done, leaves
from serving.query.periods import Span, floor

ABOUT_EVENTS: Final = (
    "Filters on an event's property keep, for {names}, the sessions with at least one such event."
)


@dataclass(frozen=True)
class Part:
    """What one statement reads: metrics of one view over one span.

    `is_closed`: the span holds only days that count as computed, so the answer keeps until one
    of them is restated. `is_whole`: no other part contributes, so SQL may order and cut.
    """

    view: str
    metrics: tuple[Metric, ...]
    span: Span
    is_closed: bool
    is_whole: bool


def plan(ask: Ask, span: Span, open_from: datetime, as_in: Ask | None = None) -> tuple[Part, ...]:
    """Return the parts whose rows together answer the question over a span.

    Days before `open_from` are closed. `as_in`: take the views of that question, so that the
    totals of a breakdown fit its rows. Raises QueryError for a combination without meaning.
    """
    viewed = views(as_in or ask)
    chosen = {metric.name: viewed[metric.name] for metric in ask.metrics}
    parts = []
    for view in dict.fromkeys(chosen.values()):
        metrics = tuple(metric for metric in ask.metrics if chosen[metric.name] == view)
        spans = _split(ask, metrics, span, open_from)
        for piece, is_closed in spans:
            is_whole = len(spans) == 1 and len(metrics) == len(ask.metrics)
            parts.append(Part(view, metrics, piece, is_closed, is_whole))
    return tuple(parts)


def views(ask: Ask) -> dict[str, str]:
    """Return the view that gives each metric, by name."""
    filtered = {dimension.view for node in ask.nodes for dimension in leaves(node)}
    broken_down = {dimension.view for dimension in ask.properties}
    return {
        metric.name: _view(metric, index, filtered, broken_down, ask)
        for index, metric in enumerate(ask.metrics)
    }


def _view(metric: Metric, index: int, filtered: set[str], broken_down: set[str], ask: Ask) -> str:
    if "events" in broken_down:
        if metric.events is None:
            raise _not_by(metric, index, ask)
        return "events"
    if "events" in filtered and metric.events is not None:
        return "events"
    return "sessions" if "sessions" in filtered | broken_down else metric.views[0]


def _not_by(metric: Metric, index: int, ask: Ask) -> Exception:
    by = next(dimension for dimension in ask.properties if dimension.view == "events")
    return query_error(
        ("metrics", index), f"{metric.name} is no property of one {by.name}.", by.instead
    )


def _split(
    ask: Ask, metrics: tuple[Metric, ...], span: Span, open_from: datetime
) -> list[tuple[Span, bool]]:
    """Cut a span where its open days begin, if the two parts can be put together again."""
    border = floor(open_from, ask.unit, span.zone) if ask.unit in _CALENDAR else open_from
    if border >= span.end:
        return [(span, True)]
    if border <= span.start or not _can_split(ask, metrics):
        return [(span, False)]
    return [
        (Span(span.start, border, span.zone), True),
        (Span(border, span.end, span.zone), False),
    ]


_CALENDAR: Final = ("day", "week", "month")


def _can_split(ask: Ask, metrics: tuple[Metric, ...]) -> bool:
    if ask.properties or any(has_done(node) for node in ask.nodes):
        return False
    return ask.unit is not None or all(metric.is_additive for metric in metrics)


def warnings(ask: Ask) -> list[str]:
    """Say in words what a mixture of event and session properties means."""
    filtered = {dimension.view for node in ask.nodes for dimension in leaves(node)}
    chosen = views(ask)
    names = [name for name, view in chosen.items() if view == "sessions"]
    return [ABOUT_EVENTS.format(names=", ".join(names))] if "events" in filtered and names else []
