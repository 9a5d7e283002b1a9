"""What the tables must hold, computed from the records in plain Python.

Nothing of the product is read here but the numbers in schemas/rules: no job's SQL, no batch's SQL,
no formula. Rows have the tables' columns but for the place in the topic and the run.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from schemas.load import RECORDS, RULES
from schemas.loaders.records import Kind
from tests.agreement.scenes import Row
from tests.agreement.streams import Arrival

Rows = dict[str, list[Row]]
# Where a record lay and who wrote the row: of the way it came, not of what happened.
OWN: Final = {"topic_id", "topic_partition", "topic_offset", "run_id", "emitted_at"}
_LATE_MS: Final = RULES.delivery.late_seconds * 1000


def first_copies(arrivals: Iterable[Arrival]) -> list[Row]:
    """Return the first copy of each event in order of arrival, with `is_late`, `appended_at`."""
    seen: set[tuple[str, str]] = set()
    kept: list[Row] = []
    for arrival in arrivals:
        record = arrival.record
        if (key := (record["site_id"], record["event_id"])) in seen:
            continue
        seen.add(key)
        is_late = arrival.appended_at - record["event_at"] > _LATE_MS
        own = {"appended_at": arrival.appended_at, "is_late": is_late, "arrival": len(kept)}
        kept.append(record | own)
    return kept


def event_rows(copies: Iterable[Row]) -> list[Row]:
    """Return the rows of `events`: late or not, every column as the table has it."""
    return [typed("event_row", row) for row in copies]


def on_time(copies: Iterable[Row]) -> list[Row]:
    """Return what live tables are made of: no late events, none of floods."""
    return [row for row in copies if not row["is_late"] and not row["is_flood"]]


def by_visitor(copies: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    """Return each visitor's events in order: time, then the page's counter, then arrival."""
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in copies:
        if row["visitor_id"] is not None:
            found[row["site_id"], row["visitor_id"]].append(row)
    return {key: sorted(rows, key=_standing) for key, rows in found.items()}


def _standing(row: Row) -> tuple[int, int, int]:
    return row["event_at"], -1 if row["seq"] is None else row["seq"], row["arrival"]


def typed(record_name: str, row: Row) -> Row:
    """Return the row with every column of the record, values as Python has them."""
    return {
        field.name: _typed(field.kind, row.get(field.name))
        for field in RECORDS[record_name].fields
        if field.name not in OWN
    }


def _typed(kind: Kind, value: Any) -> Any:
    if value is None:
        return None
    if kind is Kind.TIMESTAMP_MS:
        if isinstance(value, int):
            seconds, ms = divmod(value, 1000)
            return datetime.fromtimestamp(seconds, UTC).replace(microsecond=ms * 1000)
        return (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)
    if kind is Kind.DATE:
        return date.fromisoformat(value) if isinstance(value, str) else value
    if kind is Kind.DECIMAL:
        return Decimal(str(value)).quantize(Decimal("0.0001"))
    return value


def differences(found: Iterable[Row], wanted: Iterable[Row]) -> list[str]:
    """Return some of the rows that only one side has, as often as it does; [] if there are none.

    Rows are compared by what they say: on both sides in the order of the record's columns.
    """
    left, right = Counter(map(repr, found)), Counter(map(repr, wanted))
    surplus, absent = left - right, right - left
    told = [f"not expected: {row}" for row in list(surplus)[:3]]
    told += [f"absent: {row}" for row in list(absent)[:3]]
    count = f"{surplus.total()} not expected, {absent.total()} absent"
    return [count, *told] if told else []
