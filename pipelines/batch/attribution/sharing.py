"""Share a credit of 1, or an amount of money, so that the parts sum to it exactly.

The rule for what is left over (largest remainder): each part is rounded down to a unit; the
units that are left go one each to the parts that lost most by that, of equal ones to the earlier.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

CREDIT_DIGITS: Final = 12  # credits are decimal(13, 12)
MONEY_DIGITS: Final = 4  # amounts are decimal(18, 4)
_FINE: Final = 10**15  # a weight of 1.0 as a whole number: about as fine as a float


def share(total: int, weights: Sequence[int]) -> list[int]:
    """Share a whole number in proportion to whole weights, none below 0 and one above.

    The parts sum to `total`; a weight of 0 gets 0; below 0 they mirror those above.
    """
    whole, units = sum(weights), abs(total)
    parts = [units * weight // whole for weight in weights]
    lost = [units * weight % whole for weight in weights]
    neediest = sorted(range(len(weights)), key=lambda place: (-lost[place], place))
    for place in neediest[: units - sum(parts)]:
        parts[place] += 1
    return parts if total >= 0 else [-part for part in parts]


def credits_of(weights: Sequence[int]) -> list[Decimal]:
    """Return the credit of each weight: twelve digits, together exactly 1."""
    return _decimals(share(10**CREDIT_DIGITS, weights), CREDIT_DIGITS)


def amounts_of(amount: Decimal, credits: Sequence[Decimal]) -> list[Decimal]:
    """Share an amount, refunds below 0 too, by credits; the parts sum to it exactly."""
    exponent = amount.as_tuple().exponent
    digits = max(MONEY_DIGITS, -exponent if isinstance(exponent, int) else 0)
    weights = [int(credit.scaleb(CREDIT_DIGITS)) for credit in credits]
    return _decimals(share(int(amount.scaleb(digits)), weights), digits)


def whole_weights(shares: Sequence[float]) -> list[int]:
    """Return shares of a model, none below 0, as weights; all alike where all are 0."""
    highest = max(shares)
    if highest <= 0:
        return [1] * len(shares)
    return [round(part / highest * _FINE) for part in shares]


def _decimals(units: Sequence[int], digits: int) -> list[Decimal]:
    return [Decimal(part).scaleb(-digits) for part in units]
