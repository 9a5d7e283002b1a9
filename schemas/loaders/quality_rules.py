"""When the events of a day are unlike those before: schemas/rules/quality.toml."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from schemas.loaders.records import Record
from schemas.loaders.strict import SchemaError


@dataclass(frozen=True)
class QualityRules:
    """What a day is held against, and when it is worth a word (rules/quality.toml)."""

    weeks: int
    min_weeks: int
    min_events: int
    low_volume: Decimal
    high_volume: Decimal
    property_share: Decimal
    share_change: Decimal
    late_share: Decimal
    surplus_share: Decimal
    bot_share: Decimal
    max_properties: int
    columns: tuple[str, ...]
    findings: Mapping[str, str]


def check_quality(rules: QualityRules) -> None:
    """Refuse limits that would find something in every day, or never anything."""
    where = "rules/quality.toml"
    if not 1 <= rules.min_weeks <= rules.weeks:
        raise SchemaError(f"{where}: min_weeks must be from 1 to weeks ({rules.weeks})")
    if not rules.low_volume < 1 < rules.high_volume:
        raise SchemaError(f"{where}: low_volume must be below 1 and high_volume above")
    for name in ("property_share", "share_change", "late_share", "surplus_share", "bot_share"):
        if not 0 < getattr(rules, name) < 1:
            raise SchemaError(f"{where}: {name} is a share: above 0 and below 1")


def check_quality_columns(rules: QualityRules, records: Mapping[str, Record]) -> None:
    """Refuse a column that events do not have, and one that is never null: it says nothing."""
    fields = {field.name: field for field in records["event"].fields}
    for name in rules.columns:
        if name not in fields or not fields[name].is_nullable:
            raise SchemaError(f"rules/quality.toml: columns: {name} is no nullable field of event")
