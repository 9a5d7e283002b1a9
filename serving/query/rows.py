"""Put the rows of a plan's parts together: sum the parts, fill gaps, divide, order, compare."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from schemas.loaders.metrics import Metric
from serving.query.ask import Ask, Bucketing
from serving.query.periods import Bucket, written
from serving.query.plan import Part
from serving.query.schemas import Comparison, Number, Row

Key = tuple[Any, ...]
Keyed = tuple[Key, Row]
Count = int | Decimal
Counts = dict[str, list[Count]]  # by metric: numerator, and denominator if it has one


@dataclass
class Table:
    """Groups of one question by key: raw dimension values, hours and minutes in UTC."""

    groups: dict[Key, Counts]

    def add(self, part: Part, records: Iterable[Sequence[Any]], width: int) -> None:
        """Add the rows of one part, whose first `width` columns are dimensions."""
        for record in records:
            key = tuple(in_utc(value) for value in record[:width])
            counts = self.groups.setdefault(key, {})
            _add_counts(counts, part, record[width:])


def _add_counts(counts: Counts, part: Part, values: Sequence[Any]) -> None:
    place = 0
    for metric in part.metrics:
        size = _size(metric, part.view)
        found = [value or 0 for value in values[place : place + size]]
        known = counts.get(metric.name, [0] * size)
        counts[metric.name] = [a + b for a, b in zip(known, found, strict=True)]
        place += size


def _size(metric: Metric, view: str) -> int:
    formula = metric.formula(view)
    return len(formula.parts) if formula else 0


def in_utc(value: Any) -> Any:
    """Return an instant in UTC, anything else unchanged: keys of one group must be equal."""
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def summed(table: Table | None) -> Counts:
    """Add up all groups: right for every metric that is additive."""
    total: Counts = {}
    for counts in table.groups.values() if table else ():
        for name, parts in counts.items():
            known = total.get(name, [0] * len(parts))
            total[name] = [a + b for a, b in zip(known, parts, strict=True)]
    return total


def metric_values(metrics: Iterable[Metric], counts: Counts) -> list[Number]:
    """Divide last: a ratio without anything to divide by is None, a missing count is 0."""
    return [_value(counts.get(metric.name, _nothing(metric))) for metric in metrics]


def _nothing(metric: Metric) -> list[Count]:
    formula = metric.formula(metric.views[0])
    return [0] * (len(formula.parts) if formula else 1)


def _value(parts: list[Count]) -> Number:
    if len(parts) == 2:
        return float(parts[0]) / float(parts[1]) if parts[1] else None
    return float(parts[0]) if isinstance(parts[0], Decimal) else parts[0]


def series(ask: Ask, table: Table, buckets: list[Bucket], zone: ZoneInfo) -> list[Keyed]:
    """Return a row for each bucket, with zeros where nothing happened, in the asked order."""
    keys: list[Key] = [(in_utc(bucket),) for bucket in buckets]
    rows = [(key, _row(ask, key, table.groups.get(key, {}), zone)) for key in keys]
    return _ordered(ask, rows)


def breakdown(ask: Ask, table: Table, zone: ZoneInfo) -> list[Keyed]:
    """Return a row for each group that the metric filters let through, in the asked order."""
    rows = [(key, _row(ask, key, counts, zone)) for key, counts in table.groups.items()]
    return _ordered(ask, [(key, row) for key, row in rows if _passes(ask, row)])


def shown_key(ask: Ask, key: Key, zone: ZoneInfo) -> list[str | None]:
    """Write dimension values as answers do."""
    return [
        _shown_time(value, zone) if isinstance(dimension, Bucketing) else value
        for dimension, value in zip(ask.dimensions, key, strict=True)
    ]


def _shown_time(value: date | datetime, zone: ZoneInfo) -> str:
    return written(value.astimezone(zone) if isinstance(value, datetime) else value)


def _row(ask: Ask, key: Key, counts: Counts, zone: ZoneInfo) -> Row:
    return Row(dimensions=shown_key(ask, key, zone), metrics=metric_values(ask.metrics, counts))


def _passes(ask: Ask, row: Row) -> bool:
    names = [metric.name for metric in ask.metrics]
    for compare in ask.compares:
        value = row.metrics[names.index(compare.metric)]
        if value is None or not (
            value > compare.value if compare.op == "greater" else value < compare.value
        ):
            return False
    return True


def _ordered(ask: Ask, rows: list[Keyed]) -> list[Keyed]:
    # TRICKY: by key, not by what is shown: in autumn 02:30+01:00 comes after 02:30+02:00.
    for order in reversed(ask.order):  # a stable sort, least important first
        column: list[Any] = [
            row.metrics[order.index] if order.is_metric else key[order.index] for key, row in rows
        ]
        known = [i for i, value in enumerate(column) if value is not None]
        known.sort(key=column.__getitem__, reverse=order.is_descending)
        empty = [i for i, value in enumerate(column) if value is None]
        rows = [rows[i] for i in known + empty]
    return rows


def compared(now: list[Number], then: list[Number], shown: list[str | None]) -> Comparison:
    """Return the earlier metrics and the change from them."""
    return Comparison(
        dimensions=shown,
        metrics=then,
        change=[_change(a, b) for a, b in zip(now, then, strict=True)],
    )


def _change(now: Number, then: Number) -> float | None:
    return None if now is None or not then else (now - then) / then
