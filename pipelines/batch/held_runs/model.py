"""Runs that are held back: made with the definitions of now, looked at, then switched to or left.

A held run wrote every table of its days; no `day_runs` row names it, so no view shows it, and
maintenance purges it after a day unless somebody switched to it.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from pipelines.batch.errors import NotHeld
from pipelines.lake.compaction import LONGEST_RUN, restated_tables
from pipelines.lake.sql import bind, read_sql
from pipelines.lake.trino import Parameter, Row, Trino
from schemas.load import RECORDS, TABLES

_FOLDER: Final = Path(__file__).parent
_SUMMED: Final = ("_count", "_amount", "_ms")
_WHY_NOT: Final = {
    "switched": "counts already",
    "overtaken": "is older than the run that counts for one of its days",
    "gone": "is more than a day old, and its rows may be gone",
}


@dataclass(frozen=True)
class HeldRun:
    """One run and its days; `state` is held, switched, overtaken (by a newer run) or gone."""

    run_id: str
    site_id: str
    first_date: date
    last_date: date
    day_count: int
    reason: str
    made_at: datetime
    state: str


@dataclass(frozen=True)
class Difference:
    """A measure that the held run finds otherwise; None where a run has no such rows."""

    day: date
    by: tuple[str, ...]
    measure: str
    counting: Decimal | None
    held: Decimal | None


def held_runs(
    trino: Trino, now: datetime, site_id: str | None = None, run_id: str | None = None
) -> list[HeldRun]:
    """Return the runs that are or were held, oldest first; of all sites when None."""
    oldest = f"{now - LONGEST_RUN:%Y%m%dT%H%M%S}"
    values = {"site_id": site_id, "run_id": run_id, "oldest_at_work": oldest}
    rows = trino.rows(*bind(read_sql(_FOLDER / "held.sql").text, values))
    return [HeldRun(**row) for row in rows]


def differences(
    trino: Trino, run: HeldRun, table: str = "daily_site", by: Sequence[str] = ()
) -> list[Difference]:
    """Return what a table says otherwise of the run's days: sums of its measures, rows by `by`.

    Raises NotHeld for a run without rows to look at, or a table or column that is none.
    """
    if run.state == "gone":
        raise NotHeld(f"Run {run.run_id} {_WHY_NOT['gone']}. Hold the days again.")
    sums = {name: f"sum(made.{name})" for name in measures(table)}
    sums["row_count"] = "count(*)"
    names = {
        "table": table,
        "date_column": restated_tables()[table],
        "groups": ", ".join(str(place) for place in range(1, len(by) + 2)),
        "columns": ", ".join([*_named(table, by, sums), *_of_both(sums)]),
    }
    values = {"site_id": run.site_id, "run_id": run.run_id}
    rows = trino.rows(*bind(read_sql(_FOLDER / "compare.sql", names).text, values))
    return [found for row in rows for found in _unlike(row, len(by), list(sums))]


def measures(table: str) -> list[str]:
    """Return the columns of a table of restated days that can be summed up; or raise NotHeld."""
    known = restated_tables()
    if table not in known:
        raise NotHeld(f"{table!r} is no table of days. Tables: {', '.join(known)}.")
    return [name for name in _columns(table) if name.endswith(_SUMMED) or name == "credit"]


def switch(trino: Trino, run: HeldRun, now: datetime) -> None:
    """Let a held run count for its days, in one commit; raises NotHeld if it may not.

    The caller holds the site's lock. What came in since makes the days due, as ever.
    """
    if run.state != "held":
        raise NotHeld(f"Run {run.run_id} {_WHY_NOT[run.state]}. Hold the days again.")
    values: dict[str, Parameter] = {"site_id": run.site_id, "run_id": run.run_id}
    values["committed_at"] = now
    trino.write(*bind(read_sql(_FOLDER / "switch.sql").text, values))


def _columns(table: str) -> list[str]:
    return [field.name for field in RECORDS[TABLES[table].record].fields]


def _named(table: str, by: Sequence[str], summed: Collection[str]) -> Iterator[str]:
    names = [name for name in _columns(table) if name not in summed]
    for place, name in enumerate(by):
        if name not in names:
            raise NotHeld(f"web.{table} has no column {name!r}. Use {', '.join(names)}.")
        yield f"CAST(made.{name} AS varchar) AS by_{place}"


def _of_both(sums: dict[str, str]) -> Iterator[str]:
    for name, total in sums.items():
        yield f"{total} FILTER (WHERE made.run_id = days.counting_run_id) AS {name}_counting"
        yield f"{total} FILTER (WHERE made.run_id = days.held_run_id) AS {name}_held"


def _unlike(row: Row, by_count: int, names: Sequence[str]) -> Iterator[Difference]:
    by = tuple(str(row[f"by_{place}"]) for place in range(by_count))
    for name in names:
        counting, held = _exact(row[f"{name}_counting"]), _exact(row[f"{name}_held"])
        if (counting or 0) != (held or 0):
            yield Difference(row["day"], by, name, counting, held)


def _exact(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))
