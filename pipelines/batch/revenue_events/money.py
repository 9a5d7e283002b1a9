"""Amounts as vendors write them: whole numbers of a currency's smallest unit."""

from decimal import Decimal
from typing import Final

from pipelines.batch.revenue_events.body import Unreadable
from pipelines.enrich.money import amount_of
from schemas.load import RULES

_RULES: Final = RULES.revenue
_MONTHS: Final = _RULES.periods_per_year["month"]


def amount(vendor: str, minor: Decimal, currency: str) -> Decimal:
    """Return so many smallest units as an amount of the currency, with four decimals."""
    return _exact(minor.scaleb(-_RULES.decimals(vendor, currency)))


def monthly(price: Decimal, interval: str, interval_count: Decimal) -> Decimal:
    """Return what a price is worth a month; it is paid every `interval_count` intervals."""
    periods = _RULES.periods_per_year.get(interval)
    if periods is None or interval_count <= 0:
        known = ", ".join(_RULES.periods_per_year)
        raise Unreadable(f"every {interval_count} {interval!r} is no interval; known: {known}")
    return price * periods / (_MONTHS * interval_count)


def is_paying(vendor: str, status: str) -> bool:
    """Tell whether a subscription of that status is worth its price."""
    return status in _RULES.vendors[vendor].paying


def _exact(number: Decimal) -> Decimal:
    found = amount_of(str(number))
    if found is None:
        raise Unreadable(f"{number} is more than a column can hold")
    return found
