"""The wire form of a record: what a JSON value must look like to be that record."""

import datetime
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from schemas.loaders.records import Field, Kind, Record

_INT_RANGES: Final = {
    Kind.INT: (-(2**31), 2**31 - 1),
    Kind.LONG: (-(2**63), 2**63 - 1),
    Kind.TIMESTAMP_MS: (-(2**63), 2**63 - 1),
}


def problems(record: Record, value: Mapping[str, Any]) -> list[str]:
    """Return what keeps `value` from being the record, one sentence a field; empty if nothing.

    Unknown keys are no problem: an older reader ignores what a newer writer adds.
    """
    found = (_problem(field, value.get(field.name)) for field in record.fields)
    return [problem for problem in found if problem is not None]


def _problem(field: Field, value: Any) -> str | None:
    if value is None:
        return None if field.is_nullable else f"{field.name} is required"
    if _fits(field, value):
        return None
    allowed = f", one of {', '.join(field.symbols)}" if field.symbols else ""
    return f"{field.name} must be {field.kind.value}{allowed}, not {value!r}"


def _fits(field: Field, value: Any) -> bool:
    if field.kind in _INT_RANGES:
        low, high = _INT_RANGES[field.kind]
        return type(value) is int and low <= value <= high
    if field.kind is Kind.BOOLEAN:
        return type(value) is bool
    if field.kind is Kind.DOUBLE:
        return type(value) in (int, float)
    if field.kind is Kind.DATE:
        return _is_date(value)
    if field.kind is Kind.DECIMAL:
        return _is_decimal(value, field)
    return isinstance(value, str) and (not field.symbols or value in field.symbols)


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and str(datetime.date.fromisoformat(value)) == value
    except ValueError:
        return False


def _is_decimal(value: Any, field: Field) -> bool:
    """Tell whether the string fits DECIMAL(precision, scale) without rounding."""
    try:
        number = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        return False
    if number is None or not number.is_finite():
        return False
    scale, precision = field.scale or 0, field.precision or 0
    return number == round(number, scale) and abs(number) < Decimal(10) ** (precision - scale)
