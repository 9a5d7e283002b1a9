"""How much a funnel may ask (rules/funnels.toml)."""

from collections.abc import Collection
from dataclasses import dataclass

from schemas.loaders.strict import SchemaError


@dataclass(frozen=True)
class FunnelRules:
    """Limits of a funnel, and what stands between no two steps of it (rules/funnels.toml)."""

    max_funnels: int
    max_steps: int
    max_exclusions: int
    window_seconds: int
    max_window_seconds: int
    values: int
    max_values: int
    background: tuple[str, ...]


def check_funnels(rules: FunnelRules, passive: Collection[str]) -> None:
    """Refuse limits that contradict each other, and a background of what visitors do."""
    where = "rules/funnels.toml"
    if rules.max_funnels < 1:
        raise SchemaError(f"{where}: max_funnels must be 1 or more")
    # In any order a try is a set of steps, and 2^steps of them are possible.
    if not 2 <= rules.max_steps <= 12:
        raise SchemaError(f"{where}: max_steps must be 2 to 12")
    if not 1 <= rules.window_seconds <= rules.max_window_seconds:
        raise SchemaError(f"{where}: window_seconds must be 1 to max_window_seconds")
    if not 1 <= rules.values <= rules.max_values:
        raise SchemaError(f"{where}: values must be 1 to max_values")
    if rules.max_exclusions < 0:
        raise SchemaError(f"{where}: max_exclusions must not be below 0")
    if unknown := sorted(set(rules.background) - set(passive)):
        raise SchemaError(f"{where}: {unknown[0]} is not passive in rules/events.toml")
