"""What makes a table's rows, as a digest: so that a run made with other definitions is known.

Comments and layout do not count; a rule counts for the tables whose SQL it is filled into, and for
the models whose table.toml names it.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Final

from pipelines.batch.run import Run
from pipelines.batch.tables import BATCH_TABLES, FOLDER, BatchTable
from pipelines.lake.sql import read_sql
from schemas.load import RULES, SOURCES
from schemas.site_definitions import SiteDefinitions

SWITCH: Final = "day_runs"
# Tables that say which run counts, and hold nothing of a day.
_OF_RUNS: Final = (SWITCH, "held_runs")
# Tables that are made by what sites define themselves -> which part of it, and as people say it.
_OWN: Final = {
    "channels_restated": ("channel_rules", "rules of channels"),
    "daily_goal": ("goals", "goals"),
}
_COMMENT: Final = re.compile(r"--[^\n]*")
_OF_A_RUN: Final = {name: "?" for name in Run.PARAMETERS}


def fragments(parameters: Mapping[str, str] = _OF_A_RUN) -> dict[str, str]:
    """Return what the queries share; `parameters` are those of a run."""
    return {
        "counted_events": read_sql(FOLDER / "counted_events.sql", parameters).body,
        "known_touches": read_sql(FOLDER / "known_touches.sql").body,
        "sessions_of_events": read_sql(FOLDER / "sessions_of_events.sql").body,
        "session_totals": read_sql(FOLDER / "session_totals.sql").body,
        **touch_digest(),
    }


def touch_digest() -> dict[str, str]:
    """Return the expression that tells whether the touches of a conversion changed."""
    return {"touch_digest": read_sql(FOLDER / "touch_digest.sql").body}


def definitions() -> dict[str, str]:
    """Return a digest for each table that a run writes before its switch."""
    shared = {**fragments(), **_OF_A_RUN}
    return {
        name: _digest(table, shared) for name, table in BATCH_TABLES.items() if name not in _OF_RUNS
    }


def of_day(definitions: Mapping[str, str], own: SiteDefinitions, day: date) -> dict[str, str]:
    """Return the definitions with the site's own of a day; without any they are as they were."""
    digests = own.digests_on(day)
    mine = {
        table: f"{definitions[table]}+{digests[part]}"
        for table, (part, _) in _OWN.items()
        if part in digests
    }
    return {**definitions, **mine}


def outdated(made_with: Mapping[str, str], newest: Mapping[str, str]) -> dict[str, str]:
    """Return the tables whose rows would be others by now, with the reason, in their order.

    `made_with` are the definitions of a run, empty for one that did not record them; `newest` are
    those of this checkout.
    """
    found: dict[str, str] = {}
    for name, digest in newest.items():
        needs = [need for need in BATCH_TABLES[name].contract.depends_on if need in found]
        if name not in made_with:
            found[name] = "new, or made before definitions were recorded"
        elif made_with[name] != digest:
            is_older = made_with[name].partition("+")[0] != digest.partition("+")[0]
            found[name] = "its definition" if is_older else f"the site's {_OWN[name][1]}"
            found[name] += " changed"
        elif needs:
            found[name] = f"reads {', '.join(needs)}"
    return found


def _digest(table: BatchTable, shared: Mapping[str, str]) -> str:
    parts = _of_query(table.query, shared) if table.query else _of_model(table)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _of_query(query: Path, shared: Mapping[str, str]) -> Iterable[str]:
    text = read_sql(query, shared).text
    yield " ".join(_COMMENT.sub("", text).split())


def _of_model(table: BatchTable) -> Iterable[str]:
    for path in sorted((FOLDER / table.name).glob("*")):
        if path.suffix in (".py", ".sql") and path.name != "checks.sql":
            yield path.read_text("utf-8")
    for rule in table.contract.rules:
        yield repr(SOURCES if rule == "sources" else getattr(RULES, rule))
