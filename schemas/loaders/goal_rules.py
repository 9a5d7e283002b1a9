"""Limits of goals that sites define (rules/goals.toml)."""

from dataclasses import dataclass, fields

from schemas.loaders.strict import SchemaError


@dataclass(frozen=True)
class GoalRules:
    """How many goals a site may have, and how long what they compare (rules/goals.toml)."""

    max_goals: int
    max_properties: int
    name_length: int
    text_length: int
    pattern_length: int
    repeat_max: int
    max_at_least: int


def check_goals(rules: GoalRules) -> None:
    """Refuse limits by which no goal could be defined."""
    for field in fields(rules):
        if getattr(rules, field.name) < 1:
            raise SchemaError(f"rules/goals.toml: {field.name} must be 1 or more")
