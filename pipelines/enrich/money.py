"""Turn an amount into US dollars by the dated rates of schemas/rules/currencies.toml."""

from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Final

from schemas.load import RULES

_RULES: Final = RULES.currencies
_CENT: Final = Decimal("0.0001")  # scale of every *_amount column
_LIMIT: Final = Decimal(10) ** 14  # DECIMAL(18, 4) holds less than this


def amount_of(text: str) -> Decimal | None:
    """Return the text as an amount of four decimals; None if it is no finite, storable number."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return _rounded(number) if number.is_finite() else None


def usd_amount(amount: Decimal, currency: str, on: date) -> Decimal | None:
    """Return the amount in US dollars by the rate of that day; None for an unknown currency."""
    rate = usd_rate(currency, on)
    return None if rate is None else _rounded(amount * rate)


def usd_rate(currency: str, on: date) -> Decimal | None:
    """Return US dollars for one unit: the newest row not after the day, else the first row."""
    if currency == _RULES.base:
        return Decimal(1)
    rates = [(row.since, row.usd[currency]) for row in _RULES.rates if currency in row.usd]
    if not rates:
        return None
    return max((rate for rate in rates if rate[0] <= on), default=rates[0])[1]


def _rounded(number: Decimal) -> Decimal | None:
    """Return the number with four decimals; None if the column cannot hold it."""
    if abs(number) >= _LIMIT:
        return None
    rounded = number.quantize(_CENT, ROUND_HALF_EVEN)
    return rounded if abs(rounded) < _LIMIT else None
