"""Rules of attribution (rules/attribution.toml), and what makes them fit for use."""

from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Final

from schemas.loaders.strict import SchemaError

_WHERE: Final = "rules/attribution.toml"
_MOST_CHANNELS: Final = 20  # 2^20 sets of channels: a second and 8 MB a journey


@dataclass(frozen=True)
class Lookbacks:
    """Days before a conversion in which a session is a touch of it; a field a model."""

    first_touch: int
    last_touch: int
    last_non_direct: int
    linear: int
    time_decay: int
    position_based: int
    markov: int
    shapley: int

    def of(self, model: str) -> int:
        """Return the lookback of a model in days."""
        days: int = getattr(self, model)
        return days

    @property
    def longest(self) -> int:
        """The longest lookback of all models in days."""
        return max(self.of(field.name) for field in fields(self))

    @property
    def reach_days(self) -> int:
        """How many local days before a conversion's day a touch may lie: clocks change."""
        return self.longest + 1


@dataclass(frozen=True)
class AttributionRules:
    """Who gets the credit for a conversion (rules/attribution.toml)."""

    half_life_days: Decimal
    position_weights: tuple[int, ...]
    position_two_weights: tuple[int, ...]
    history_days: int
    shapley_exact_channels: int
    shapley_other: str
    shapley_prior_paths: int
    max_touches: int
    lookback_days: Lookbacks


def check_attribution(rules: AttributionRules) -> None:
    """Refuse what no model could keep to: SchemaError names the key."""
    _demand(rules.half_life_days > 0, "half_life_days must be above 0")
    _demand(
        len(rules.position_weights) == 3 and min(rules.position_weights) > 0,
        "position_weights are three whole numbers above 0: first, between, last",
    )
    _demand(
        len(rules.position_two_weights) == 2 and min(rules.position_two_weights) > 0,
        "position_two_weights are two whole numbers above 0: first, last",
    )
    _demand(rules.history_days > 0, "history_days must be above 0")
    _demand(
        2 <= rules.shapley_exact_channels <= _MOST_CHANNELS,
        f"shapley_exact_channels must be 2 to {_MOST_CHANNELS}: each one more doubles the work",
    )
    _demand(rules.shapley_prior_paths >= 0, "shapley_prior_paths must not be below 0")
    _demand(rules.max_touches >= 2, "max_touches must be 2 or more: a first touch and a last")
    lookbacks = (rules.lookback_days.of(field.name) for field in fields(Lookbacks))
    _demand(min(lookbacks) > 0, "every one of lookback_days must be above 0")


def _demand(holds: bool, what: str) -> None:
    if not holds:
        raise SchemaError(f"{_WHERE}: {what}")
