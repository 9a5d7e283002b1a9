"""Rules of revenue (rules/revenue.toml), and what makes them fit for use."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.loaders.strict import SchemaError


@dataclass(frozen=True)
class RevenueVendor:
    """One vendor: statuses that pay, and currencies it counts otherwise than ISO 4217 does."""

    paying: tuple[str, ...]
    decimals: Mapping[str, int]


@dataclass(frozen=True)
class RevenueRules:
    """What payment vendors mean (rules/revenue.toml)."""

    zero_decimal: tuple[str, ...]
    three_decimal: tuple[str, ...]
    periods_per_year: Mapping[str, int]
    vendors: Mapping[str, RevenueVendor]

    def decimals(self, vendor: str, currency: str) -> int:
        """Return how many decimals the vendor's amounts in a currency have."""
        own = self.vendors[vendor].decimals
        if currency in own:
            return own[currency]
        if currency in self.zero_decimal:
            return 0
        return 3 if currency in self.three_decimal else 2


def check_revenue(rules: RevenueRules, known_vendors: tuple[str, ...]) -> None:
    """Refuse what no amount could be read by: SchemaError names the key."""
    where = "rules/revenue.toml"
    if both := set(rules.zero_decimal) & set(rules.three_decimal):
        raise SchemaError(f"{where}: {', '.join(sorted(both))}: zero_decimal and three_decimal")
    if unknown := rules.vendors.keys() - set(known_vendors):
        raise SchemaError(f"{where}: vendors.{min(unknown)} is none of edge.webhooks.vendors")
    if any(count <= 0 for count in rules.periods_per_year.values()):
        raise SchemaError(f"{where}: periods_per_year must be above 0")
    if rules.periods_per_year.get("month") != 12:
        raise SchemaError(f"{where}: periods_per_year.month must be 12: MRR is by month")
