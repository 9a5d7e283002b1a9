"""The report of `headwater quality` as a page: one file that needs nothing else."""

from collections.abc import Iterable, Mapping
from html import escape
from importlib import resources
from string import Template
from typing import Any, Final

Row = Mapping[str, Any]
_SHARES: Final = frozenset({"late_share", "surplus_share", "bot_share"})
_FINDINGS: Final = {
    "local_date": "Day",
    "site_id": "Site",
    "event_name": "Event",
    "property_name": "Property",
    "says": "What was found",
    "found": "That day",
    "usual": "Usual or limit",
}
_EVENTS: Final = {
    "local_date": "Day",
    "site_id": "Site",
    "event_name": "Event",
    "event_count": "Events",
    "usual_event_count": "Usual",
    "late_share": "Late",
    "surplus_share": "Copies",
    "bot_share": "Bots",
}


def page_of(period: str, found: Iterable[Row], events: Iterable[Row]) -> str:
    """Return the page; what senders wrote stands in it as text."""
    template = (resources.files("cli") / "quality.html").read_text(encoding="utf-8")
    found = list(found)
    return Template(template).substitute(
        period=escape(period),
        summary=_summary(len(found)),
        findings=_table(_FINDINGS, [_told(row) for row in found]),
        events=_table(_EVENTS, events),
    )


def _summary(count: int) -> str:
    if count == 0:
        return "Nothing was found: events are what they were before."
    return "1 finding." if count == 1 else f"{count} findings."


def _told(row: Row) -> Row:
    """Give numbers of a finding as they are meant: shares of what is about shares."""
    is_count = row["finding"].startswith(("event_", "volume_"))
    name = _number if is_count else _share
    return {**row, "found": name(row["found"]), "usual": name(row["usual"])}


def _table(columns: Mapping[str, str], rows: Iterable[Row]) -> str:
    head = "".join(f"<th>{label}</th>" for label in columns.values())
    body = "".join(f"<tr>{_cells(columns, row)}</tr>" for row in rows)
    empty = f'<tr><td colspan="{len(columns)}">None</td></tr>'
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body or empty}</tbody></table>"


def _cells(columns: Mapping[str, str], row: Row) -> str:
    return "".join(f"<td>{escape(_text(name, row[name]))}</td>" for name in columns)


def _text(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if name in _SHARES:
        return _share(value)
    return _number(value) if isinstance(value, int | float) else str(value)


def _number(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


def _share(value: float) -> str:
    return f"{value:.1%}"
