"""Fills `${names}` in SQL files from the dictionary; caller input is bound, never pasted."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from string import Template
from typing import Final

from pipelines.lake.errors import LakeError
from pipelines.lake.trino import Parameter
from schemas.display_name import trino_display_name
from schemas.load import RECORDS, RULES
from schemas.loaders.rules import Vital
from schemas.session_id import trino_session_id

_HEADER: Final = re.compile(r"-- ?(.*)")
_NAMED: Final = re.compile(r"(?<![:\w]):([a-z_][a-z_0-9]*)")
_COMMENT: Final = re.compile(r"--[^\n]*")
_NOT_FOR_PEOPLE: Final = "record_kind"  # always 'event' in a table


class WrongSql(LakeError):
    """A file of SQL names a parameter that nobody gives."""


@dataclass(frozen=True)
class SqlFile:
    """One statement, its parameters filled, and what its header says."""

    name: str
    text: str
    header: tuple[str, ...]

    def said(self, key: str) -> tuple[str, ...]:
        """Return the comma-separated words after `-- Key:`, none if the header lacks it."""
        for line in self.header:
            if line.startswith(f"{key}:"):
                return tuple(word.strip() for word in line.removeprefix(f"{key}:").split(","))
        return ()

    @property
    def body(self) -> str:
        """The statement without its header, fit to stand in another one."""
        return "\n".join(self.text.splitlines()[len(self.header) :])

    @property
    def one_row(self) -> str:
        """What one row is: the first sentence of the header, after `One row = `."""
        lines: list[str] = []
        for line in self.header:
            if lines and re.match(r"[A-Z]\w*( \w+)?:", line):
                break
            lines.append(line)
        return " ".join(lines).removeprefix("One row = ")


def read_sql(path: Path, more: Mapping[str, str] | None = None) -> SqlFile:
    """Return the file with every `${name}` filled from rules, records and `more`.

    Raises WrongSql naming the file and the parameter nobody knows.
    """
    raw = path.read_text("utf-8")
    try:
        text = Template(raw).substitute({**PARAMETERS, **(more or {})})
    except (KeyError, ValueError) as error:
        raise WrongSql(f"{path}: parameter {error} is unknown") from error
    header = []
    for line in raw.splitlines():
        if not (match := _HEADER.match(line)):
            break
        header.append(match[1].rstrip())
    return SqlFile(path.stem, text.strip(), tuple(header))


def bind(sql: str, values: Mapping[str, Parameter]) -> tuple[str, list[Parameter]]:
    """Turn `:names` into question marks and return the values in their order.

    Comments go, so that a colon in one is no name. Raises WrongSql for a name without a value.
    """
    order: list[str] = []

    def mark(match: re.Match[str]) -> str:
        order.append(match[1])
        return "?"

    marked = _NAMED.sub(mark, _COMMENT.sub("", sql))
    if missing := [name for name in order if name not in values]:
        raise WrongSql(
            f"no value for {', '.join(sorted(set(missing)))}; given: {', '.join(values)}"
        )
    return marked, [values[name] for name in order]


def columns_of(record: str, prefix: str = "") -> str:
    """Return the record's columns as a select list."""
    names = (field.name for field in RECORDS[record].fields if field.name != _NOT_FOR_PEOPLE)
    return ", ".join(prefix + name for name in names)


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _vital_rows(vitals: Iterable[Vital]) -> str:
    """Return the rows of a VALUES list: vital, property, unit, good, poor."""

    def limit(value: Decimal | None) -> str:
        return "CAST(NULL AS double)" if value is None else f"DOUBLE '{value}'"

    return ",\n        ".join(
        f"('{v.vital}', '{v.property}', '{v.unit}', {limit(v.good)}, {limit(v.poor)})"
        for v in vitals
    )


PARAMETERS: Final[Mapping[str, str]] = {
    "event_columns": columns_of("event_row"),
    "session_columns": columns_of("restated_session"),
    "session_record_columns": columns_of("session"),
    "daily_site_columns": columns_of("daily_site"),
    "daily_source_columns": columns_of("daily_source"),
    "daily_page_columns": columns_of("daily_page"),
    "daily_geo_columns": columns_of("daily_geo"),
    "daily_tech_columns": columns_of("daily_tech"),
    "daily_goal_columns": columns_of("daily_goal"),
    "daily_event_columns": columns_of("daily_event"),
    "daily_property_columns": columns_of("daily_property"),
    "minute_stats_columns": columns_of("minute_stats"),
    "identity_columns": columns_of("identity"),
    "friction_columns": columns_of("friction"),
    "touchpoint_columns": columns_of("touchpoint"),
    "conversion_columns": columns_of("conversion"),
    "attribution_columns": columns_of("attribution"),
    "revenue_event_columns": columns_of("revenue_event"),
    "heatmap_cell_columns": columns_of("heatmap_cell"),
    "session_id": trino_session_id(
        "site_id",
        "visitor_id",
        "date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00 UTC', started_at)",
    ),
    "display_name": trino_display_name("person_id"),
    "session_senders": _listed(RULES.sessions.session_senders),
    "session_gap_minutes": str(RULES.sessions.gap_minutes),
    "first_day_of_week": str(RULES.sessions.first_day_of_week),
    "rage_window_ms": str(RULES.friction.rage_window_ms),
    "rage_radius_px": str(RULES.friction.rage_radius_px),
    "dead_ms": str(RULES.friction.dead_ms),
    "error_ms": str(RULES.friction.error_ms),
    "error_events": _listed(RULES.friction.error_events),
    "abandon_minutes": str(RULES.friction.abandon_minutes),
    "friction_senders": _listed(RULES.friction.friction_senders),
    "checkout_events": _listed(RULES.events.checkouts),
    "vitals": _vital_rows(RULES.vitals.vitals),
    **{
        f"quality_{name}": str(value)
        for name, value in vars(RULES.quality).items()
        if isinstance(value, int | Decimal)
    },
    "paths_max_steps": str(RULES.paths.max_steps),
    "paths_pages_per_step": str(RULES.paths.pages_per_step),
    "paths_is_repeat_a_step": str(RULES.paths.is_repeat_a_step).lower(),
    **{
        f"paths_{name}": f"'{value}'"
        for name, value in vars(RULES.paths).items()
        if isinstance(value, str)
    },
    "quality_columns": _listed(RULES.quality.columns),
    "quality_columns_filled": ", ".join(f"{name} IS NOT NULL" for name in RULES.quality.columns),
    "bounce_page_views": str(RULES.sessions.bounce_page_views),
    "bounce_engaged_ms": str(RULES.sessions.bounce_engaged_ms),
    "max_age_hours": str(RULES.delivery.max_age_hours),
    "attribution_lookback_days": str(RULES.attribution.lookback_days.longest),
    "attribution_reach_days": str(RULES.attribution.lookback_days.reach_days),
    "attribution_max_touches": str(RULES.attribution.max_touches),
    "attribution_model_count": str(len(RECORDS["attribution"].field("model").symbols)),
}
