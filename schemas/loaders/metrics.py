"""Metrics and dimensions: schemas/metrics/*.toml, the formulas behind every answer.

`dimensions.toml` holds dimensions, every other file holds metrics; a name stands once.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from string import Template
from typing import Any, Final, TypeVar

from schemas.loaders.records import Record
from schemas.loaders.rules import Rules
from schemas.loaders.strict import SchemaError, build, read_toml

UNITS: Final = ("count", "ratio", "number", "ms", "USD")
VIEWS: Final = {"events": "event_row", "sessions": "session"}
_FUNCTIONS: Final = frozenset({"count", "sum", "min", "max", "coalesce"})
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_Item = TypeVar("_Item", "Metric", "Dimension")


@dataclass(frozen=True)
class Formula:
    """SQL that Flink and Trino both accept; parts are summed first and divided last."""

    numerator: str
    denominator: str | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        """The one or two aggregates to select."""
        return (self.numerator,) if self.denominator is None else (self.numerator, self.denominator)


@dataclass(frozen=True)
class Metric:
    """One number people ask for, and how to get it from the views that can give it.

    `is_additive`: the parts of two ranges can be added up to the parts of both.
    """

    name: str
    label: str
    definition: str
    unit: str
    owner: str
    events: Formula | None = None
    sessions: Formula | None = None
    is_additive: bool = True

    def formula(self, view: str) -> Formula | None:
        """Return the formula over a view, None if the view cannot give this metric."""
        return {"events": self.events, "sessions": self.sessions}[view]

    @property
    def views(self) -> tuple[str, ...]:
        """The views that can give this metric, the fresher one first."""
        return tuple(view for view in VIEWS if self.formula(view) is not None)


@dataclass(frozen=True)
class Dimension:
    """One property to break down or filter by; exactly one view has it.

    `drop_null`: rows without a value are no row of a breakdown. `instead`: what to ask for
    when a metric cannot be broken down by it. `is_keyed`: its column holds a JSON object, and it
    is asked for as NAME:KEY; `key` is the one asked for, text from outside.
    """

    name: str
    label: str
    definition: str
    events: str | None = None
    sessions: str | None = None
    drop_null: bool = False
    instead: str = ""
    is_keyed: bool = False
    key: str | None = None

    @property
    def view(self) -> str:
        """The view that has this dimension."""
        return "events" if self.events is not None else "sessions"

    @property
    def column(self) -> str:
        """Its column there."""
        return self.events or self.sessions or ""

    @property
    def written(self) -> str:
        """How a question names it; NAME stands for a key."""
        return f"{self.name}:NAME" if self.is_keyed and self.key is None else self.name

    def under(self, key: str) -> "Dimension":
        """Return the dimension of one key of a keyed one."""
        return replace(self, name=f"{self.name}:{key}", key=key)


def load_metrics(folder: Path, records: Mapping[str, Record], rules: Rules) -> dict[str, Metric]:
    """Return all metrics by name, rules filled in for `${session_senders}`.

    A formula over a column that is not there is an error.
    """
    senders = ", ".join(f"'{sender}'" for sender in rules.sessions.session_senders)
    filled = {"session_senders": senders}
    metrics = _load(folder, Metric, lambda path: path.stem != "dimensions", filled)
    for metric in metrics.values():
        where = f"metrics: {metric.name}"
        if metric.unit not in UNITS:
            raise SchemaError(f"{where}: unit {metric.unit!r} is none of {', '.join(UNITS)}")
        if not metric.views:
            raise SchemaError(f"{where}: no formula over any of {', '.join(VIEWS)}")
        for view in metric.views:
            _check_formula(metric.formula(view), records[VIEWS[view]], f"{where}: {view}")
    return metrics


def load_dimensions(folder: Path, records: Mapping[str, Record]) -> dict[str, Dimension]:
    """Return all dimensions by name; each has exactly one view, and a column of it.

    A keyed one is of events, and its key is for questions to give.
    """
    dimensions = _load(folder, Dimension, lambda path: path.stem == "dimensions", {})
    for dimension in dimensions.values():
        if (dimension.events is None) == (dimension.sessions is None):
            raise SchemaError(f"dimensions: {dimension.name}: name one of {', '.join(VIEWS)}")
        if dimension.key is not None or (dimension.is_keyed and dimension.view != "events"):
            raise SchemaError(f"dimensions: {dimension.name}: a key is asked for, of events")
        records[VIEWS[dimension.view]].field(dimension.column)
    return dimensions


def _load(
    folder: Path, cls: type[_Item], wanted: Callable[[Path], bool], filled: Mapping[str, str]
) -> dict[str, _Item]:
    found: dict[str, _Item] = {}
    for path in sorted(folder.glob("*.toml")):
        if not wanted(path):
            continue
        for name, content in read_toml(path).items():
            where = f"metrics/{path.name}: {name}"
            if not _NAME.fullmatch(name) or name in found:
                raise SchemaError(f"{where}: the name is taken or not snake_case")
            found[name] = build(cls, _fill({"name": name, **content}, filled, where), where)
    return found


def _fill(content: Any, filled: Mapping[str, str], where: str) -> Any:
    if isinstance(content, dict):
        return {key: _fill(value, filled, where) for key, value in content.items()}
    try:
        return Template(content).substitute(filled) if isinstance(content, str) else content
    except (KeyError, ValueError) as error:
        raise SchemaError(f"{where}: parameter {error} is unknown") from error


def _check_formula(formula: Formula | None, record: Record, where: str) -> None:
    for part in formula.parts if formula else ():
        for word in re.findall(r"\b[a-z_][a-z0-9_]*\b", re.sub(r"'[^']*'", "", part)):
            if word not in _FUNCTIONS:
                try:
                    record.field(word)
                except SchemaError as error:
                    raise SchemaError(f"{where}: {error}") from error
