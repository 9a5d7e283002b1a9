"""Figures of a made-up shop."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from schemas.load import DIMENSIONS, METRICS, RULES
from serving.query.schemas import Number, Value
from serving.reports.figures import Day, Figures, Line, Measure, Table
from serving.reports.periods import Every, Period

LAST: Final = date(2026, 3, 29)  # a Sunday of 23 hours in Berlin
READ_AT: Final = datetime(2026, 3, 30, 6, 0, 2, tzinfo=UTC)
VALUES: Final[dict[str, tuple[Number, Number]]] = {
    "visitors": (1234, 1000),
    "sessions": (1500, 1500),
    "page_views": (4000, 5000),
    "bounce_rate": (0.412, None),
    "session_duration": (184_000.0, 92_000.0),
    "conversions": (12, 1),
    "revenue": (1299.5, 0.0),
}
LINES: Final[dict[str, tuple[Value, ...]]] = {
    "source": ("google", "direct", None),
    "page": ("/", "/pricing"),
    "country": ("DE", "US"),
    "event_name": ("purchase",),
}


def measure(name: str, value: Number, before: Number = None) -> Measure:
    change = (value - before) / before if value is not None and before else None
    return Measure(name, METRICS[name].label, METRICS[name].unit, value, before, change)


def figures(every: Every = Every.DAILY, **other: Any) -> Figures:
    """Return figures of 29 March 2026 or its week; `lines` names values by dimension."""
    lines = LINES | other.pop("lines", {})
    first = LAST - timedelta(days=every.days - 1)
    chart = [LAST - timedelta(days=n) for n in reversed(range(RULES.reports.chart_days))]
    opened = other.pop("may_change", ())
    given: dict[str, Any] = {
        "site_id": "shop",
        "site_name": "Shop",
        "zone": "Europe/Berlin",
        "every": every,
        "period": Period(first, LAST),
        "totals": tuple(measure(name, *pair) for name, pair in VALUES.items()),
        "days": tuple(Day(day, day.day * 10, day >= first, day in opened) for day in chart),
        "tables": tuple(
            Table(
                table.title,
                DIMENSIONS[table.dimension].label,
                tuple(METRICS[name].label for name in table.metrics),
                tuple(
                    Line(value, tuple(measure(name, 7, 5) for name in table.metrics))
                    for value in lines[table.dimension]
                ),
                has_more=table.dimension == "page",
            )
            for table in RULES.reports.tables
        ),
        "as_of": READ_AT - timedelta(seconds=2),
        "asked_at": READ_AT,
        "notes": (),
    }
    return Figures(**(given | other))
