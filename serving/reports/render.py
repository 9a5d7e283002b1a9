"""How a report looks: one HTML page and one plain text, of the same figures.

The page is what mail programs render alike: tables and styles on each cell, no script, nothing
loaded from anywhere. Every value is escaped by the template engine.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from schemas.load import METRICS, RULES
from serving.reports import words
from serving.reports.figures import Day, Figures
from serving.reports.periods import Every

_TITLES: Final = {Every.DAILY: "Daily report", Every.WEEKLY: "Weekly report"}
_PERIODS: Final = {
    Every.DAILY: ("That day", "Day before"),
    Every.WEEKLY: ("That week", "Week before"),
}


@dataclass(frozen=True)
class Rendered:
    """A report as it is mailed."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True)
class Bar:
    """A day of the chart; `percent` of the longest bar."""

    label: str
    value: str
    percent: int
    is_in_period: bool
    may_change: bool


def render(figures: Figures, why: str = "") -> Rendered:
    """Write a report; `why` says, in its last line, for what reason somebody gets it."""
    subject = words.subject(figures)
    values = _values(figures, why) | {"subject": subject}
    html = _templates().get_template("page.html.jinja").render(values)
    text = _templates().get_template("page.txt.jinja").render(values)
    return Rendered(subject, html, text)


def _values(figures: Figures, why: str) -> dict[str, Any]:
    title = f"{_TITLES[figures.every]}, {words.dates(figures.every, figures.period)}"
    period_name, before_name = _PERIODS[figures.every]
    footer = [words.freshness(figures), *figures.notes, _read_at(figures), why]
    return {
        "site": words.name(figures.site_name),
        "title": title,
        "zone": figures.zone,
        "lead": title,
        "provisional": words.provisional(figures),
        "is_empty": figures.is_empty,
        "period_name": period_name,
        "before_name": before_name,
        "totals": figures.totals,
        "chart_label": METRICS[RULES.reports.chart_metric].label,
        "bars": _bars(figures.days),
        "tables": figures.tables,
        "footer": [note for note in footer if note],
    }


def _read_at(figures: Figures) -> str:
    return f"Read at {words.written_at(figures)}. Days are those of {figures.zone}."


def _bars(days: Iterable[Day]) -> list[Bar]:
    shown = list(days)
    unit = METRICS[RULES.reports.chart_metric].unit
    most = max((day.value or 0 for day in shown), default=0) or 1
    return [
        Bar(
            label=words.day(day.date),
            value=words.value(day.value, unit),
            percent=_percent(day.value or 0, most),
            is_in_period=day.is_in_period,
            may_change=day.may_change,
        )
        for day in shown
    ]


def _percent(value: float, most: float) -> int:
    """Return a bar's length; what is not nothing is to be seen."""
    return max(1, round(100 * value / most)) if value > 0 else 0


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(["html.jinja"]),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.globals |= {
        "value": words.value,
        "change": words.change,
        "shown": words.shown,
    }
    return environment
