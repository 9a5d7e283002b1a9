"""Avro's resolution rules, as far as they matter here: may a record change like this?

A change is compatible when a new reader reads what an old writer wrote and the reverse.
Otherwise it needs a new version and a new topic (docs/decisions/0009).
"""

from schemas.loaders.records import Field, Kind, Record

_WIDER = {(Kind.INT, Kind.LONG), (Kind.INT, Kind.DOUBLE), (Kind.LONG, Kind.DOUBLE)}


def breaks(old: Record, new: Record) -> list[str]:
    """Return why `new` cannot follow `old` within one version, one sentence each."""
    before = {field.name: field for field in old.fields}
    after = {field.name: field for field in new.fields}
    found = [
        f"{new.name}.{name}: added, but not nullable: old records have no value for it"
        for name, field in after.items()
        if name not in before and not field.is_nullable
    ]
    for name, field in before.items():
        if name not in after:
            found.append(f"{new.name}.{name}: removed: tables and readers still name it")
        elif (why := _field_breaks(field, after[name])) is not None:
            found.append(f"{new.name}.{name}: {why}")
    return found


def _field_breaks(old: Field, new: Field) -> str | None:
    if old.kind is not new.kind and (old.kind, new.kind) not in _WIDER:
        return f"type changed from {old.kind.value} to {new.kind.value}"
    if old.is_nullable and not new.is_nullable:
        return "became required: old records may lack it"
    if gone := set(old.symbols) - set(new.symbols):
        return f"symbols {sorted(gone)} removed"
    if (old.precision, old.scale) != (new.precision, new.scale):
        return "precision or scale changed"
    return None
