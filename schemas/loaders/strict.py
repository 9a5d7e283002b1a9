"""Build frozen dataclasses from parsed files and refuse whatever does not fit."""

import dataclasses
import json
import tomllib
import types
import typing
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class SchemaError(Exception):
    """A file in schemas/ is wrong: says which file, which key, and what to do."""


def read_toml(path: Path) -> dict[str, Any]:
    """Return the file's content; numbers with a point come as Decimal, never as float."""
    try:
        return tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise SchemaError(f"{path}: not TOML: {error}") from error


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in the file."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except json.JSONDecodeError as error:
        raise SchemaError(f"{path}: not JSON: {error}") from error
    if not isinstance(content, dict):
        raise SchemaError(f"{path}: holds no object")
    return content


def build(cls: type[T], values: Mapping[str, Any], where: str) -> T:
    """Return `cls(**values)` after checking every key and type.

    Lists become tuples, tables become the dataclass or mapping that the field names.
    An unknown, missing or mistyped key raises SchemaError naming `where` and the key.
    """
    hints = typing.get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for key in values:
        if key not in fields:
            raise SchemaError(f"{where}: unknown key {key!r}; known: {', '.join(fields)}")
    arguments = {}
    for name, field in fields.items():
        if name in values:
            arguments[name] = _fit(values[name], hints[name], f"{where}: {name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise SchemaError(f"{where}: key {name!r} is missing")
    return cls(**arguments)


def _fit(value: Any, hint: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        inner = next(argument for argument in arguments if argument is not type(None))
        return _fit(value, inner, where)
    if origin is tuple:
        _check(value, list, where)
        return tuple(_fit(item, arguments[0], where) for item in value)
    if origin is not None and issubclass(origin, Mapping):
        _check(value, dict, where)
        return {key: _fit(item, arguments[1], f"{where}.{key}") for key, item in value.items()}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        _check(value, dict, where)
        return build(hint, value, where)
    if hint is Decimal and type(value) is int:
        return Decimal(value)
    _check(value, hint, where)
    return value


def _check(value: Any, expected: type, where: str) -> None:
    if type(value) is not expected:
        raise SchemaError(f"{where}: expected {expected.__name__}, found {value!r}")
