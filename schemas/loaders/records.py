"""Records: schemas/avro/*.avsc, the one definition of every wire record and table row.

Two attributes go beyond Avro: a field's `unit` and `since` (record version), and a record's
`extends`, which puts another record's fields first so that no column is described twice.
"""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from schemas.loaders.strict import SchemaError, read_json


class Kind(Enum):
    """The type of a field, as every engine has it."""

    STRING = "string"
    INT = "int"
    LONG = "long"
    BOOLEAN = "boolean"
    DOUBLE = "double"
    TIMESTAMP_MS = "timestamp_ms"  # on the wire integer epoch ms, in tables timestamptz(6)
    DATE = "date"  # on the wire YYYY-MM-DD
    DECIMAL = "decimal"  # on the wire a string


@dataclass(frozen=True)
class Field:
    """One column of a record. `symbols` is not empty for a closed set of strings."""

    name: str
    kind: Kind
    doc: str
    since: int
    is_nullable: bool
    unit: str | None = None
    symbols: tuple[str, ...] = ()
    precision: int | None = None
    scale: int | None = None


@dataclass(frozen=True)
class Record:
    """A named, versioned list of fields, inherited ones first."""

    name: str
    version: int
    doc: str
    fields: tuple[Field, ...]
    extends: str | None = None

    def field(self, name: str) -> Field:
        """Return the field of that name; SchemaError lists the names that exist."""
        for field in self.fields:
            if field.name == name:
                return field
        known = ", ".join(field.name for field in self.fields)
        raise SchemaError(f"record {self.name} has no field {name!r}; it has {known}")

    @property
    def header(self) -> str:
        """Value of the Kafka header `schema`."""
        return f"{self.name}.{self.version}"


_PLAIN = {
    kind.value: kind for kind in (Kind.STRING, Kind.INT, Kind.LONG, Kind.BOOLEAN, Kind.DOUBLE)
}
_LOGICAL = {
    "timestamp-millis": Kind.TIMESTAMP_MS,
    "date": Kind.DATE,
    "decimal": Kind.DECIMAL,
}
_RECORD_KEYS = {"type", "name", "namespace", "version", "doc", "fields", "extends"}
_FIELD_KEYS = {"name", "type", "default", "since", "unit", "doc"}


def load_records(folder: Path) -> dict[str, Record]:
    """Return all records of the folder by name, `extends` resolved."""
    raw = {path.stem: read_json(path) for path in sorted(folder.glob("*.avsc"))}
    return {name: _record(name, raw) for name in raw}


def _record(name: str, raw: dict[str, dict[str, Any]]) -> Record:
    content, where = raw[name], f"avro/{name}.avsc"
    if unknown := content.keys() - _RECORD_KEYS:
        raise SchemaError(f"{where}: unknown keys {sorted(unknown)}")
    if content.get("name") != name or not content.get("doc"):
        raise SchemaError(f"{where}: needs a doc and the file's name as its name")
    base = content.get("extends")
    if base is not None and base not in raw:
        raise SchemaError(f"{where}: extends {base!r}, which is no record")
    inherited = _record(base, raw).fields if base else ()
    fields = inherited + tuple(_field(field, where) for field in content["fields"])
    names = [field.name for field in fields]
    if len(set(names)) != len(names):
        raise SchemaError(f"{where}: a field name stands twice")
    return Record(name, content["version"], content["doc"], fields, base)


def _field(content: dict[str, Any], where: str) -> Field:
    where = f"{where}: field {content.get('name')!r}"
    if unknown := content.keys() - _FIELD_KEYS:
        raise SchemaError(f"{where}: unknown keys {sorted(unknown)}")
    if not content.get("doc") or "since" not in content:
        raise SchemaError(f"{where}: needs doc and since")
    avro, is_nullable = content["type"], False
    if isinstance(avro, list):
        if len(avro) != 2 or avro[0] != "null" or "default" not in content:
            raise SchemaError(f'{where}: a nullable type is ["null", T] with default null')
        avro, is_nullable = avro[1], True
    kind, details = _kind(avro, where)
    return Field(
        content["name"], kind, content["doc"], content["since"], is_nullable,
        content.get("unit"), **details,
    )  # fmt: skip


def _kind(avro: Any, where: str) -> tuple[Kind, dict[str, Any]]:
    if isinstance(avro, str) and avro in _PLAIN:
        return _PLAIN[avro], {}
    if isinstance(avro, dict) and avro.get("type") == "enum":
        return Kind.STRING, {"symbols": tuple(avro["symbols"])}
    if isinstance(avro, dict) and avro.get("logicalType") in _LOGICAL:
        kind = _LOGICAL[avro["logicalType"]]
        if kind is Kind.DECIMAL:
            return kind, {"precision": avro["precision"], "scale": avro["scale"]}
        return kind, {}
    raise SchemaError(f"{where}: type {avro!r} is not one that every engine has")
