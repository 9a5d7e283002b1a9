"""The batch's own queries in DuckDB: translated from Trino's SQL, over the same Parquet."""

import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb
import sqlglot
from sqlglot import exp

from pipelines.batch.definitions import SWITCH, fragments
from pipelines.batch.run import Run
from pipelines.batch.tables import BATCH_TABLES
from pipelines.lake.columns import schema_of
from pipelines.lake.sql import read_sql
from pipelines.lake.views import load_views
from schemas.load import RECORDS, TABLES

# What the queries read beside tables of their own.
_VIEWS: Final = ("erasures", "day_runs")
# Two take JSON apart in ways that DuckDB has no form for; the switch is a row.
LEFT_OUT: Final = ("daily_goal", "daily_property", SWITCH)
_MEMORY: Final = "4GB"  # what Trino takes of the machine, and more
_MACROS: Final = "CREATE MACRO at_timezone(moment, zone) AS timezone(zone, moment)"


class DuckLake:
    """Tables of schema `web` in a file; `events` are Parquet files that something else wrote."""

    def __init__(self, path: Path, event_files: Sequence[str], threads: int) -> None:
        self._duck = duckdb.connect(config={"threads": threads, "memory_limit": _MEMORY})
        self._duck.execute("SET TimeZone = 'UTC'")
        self._duck.execute(_MACROS)
        self._duck.execute(f"ATTACH '{path}' AS lake; CREATE SCHEMA lake.web")
        self._duck.execute("CREATE SCHEMA lake.analytics")
        for name in TABLES:
            self._create(name, event_files)
        for view in load_views():
            if view.name in _VIEWS:
                body = _translated(view.text)
                self._duck.execute(f"CREATE VIEW lake.analytics.{view.name} AS {body}")

    def _create(self, name: str, event_files: Sequence[str]) -> None:
        if name == "events":
            files = ", ".join(f"'{path}'" for path in event_files)
            body = f"CREATE VIEW lake.web.events AS SELECT * FROM read_parquet([{files}])"
            self._duck.execute(body)
            return
        schema = schema_of(TABLES[name], RECORDS[TABLES[name].record]).as_arrow()
        self._duck.register("empty", schema.empty_table())
        self._duck.execute(f"CREATE TABLE lake.web.{name} AS SELECT * FROM empty")
        self._duck.unregister("empty")

    def restate(self, run: Run) -> dict[str, float]:
        """Write the tables of a run, in the order of the batch; return the seconds of each."""
        return {
            table.name: self._write(run, table.name)
            for table in BATCH_TABLES.values()
            if table.query is not None and table.name not in LEFT_OUT
        }

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        found = self._duck.execute(f"SELECT count(*) FROM lake.web.{table}").fetchone()
        return int(found[0]) if found else 0

    def _write(self, run: Run, name: str) -> float:
        query = BATCH_TABLES[name].query
        assert query is not None
        names = {**fragments(run.parameters()), **run.parameters()}
        sql = _translated(read_sql(query, names).text)
        asked = set(re.findall(r"\$(\w+)", sql))
        values = {key: value for key, value in run.values().items() if key in asked}
        began = time.monotonic()
        self._duck.execute(sql, values)
        return time.monotonic() - began


def _translated(sql: str) -> str:
    """Return Trino's SQL as DuckDB's; what sqlglot leaves as it is, is put right here."""
    tree = sqlglot.parse_one(re.sub(r"FOR VERSION AS OF \S+", "", sql), read="trino")
    return tree.transform(_side_by_side).transform(_unnamed).sql("duckdb", comments=False)


def _side_by_side(node: exp.Expression) -> exp.Expression:
    """DuckDB's unnest takes one list: UNNEST(a, b) becomes a SELECT of two."""
    if not isinstance(node, exp.Unnest) or len(node.expressions) < 2:
        return node
    names = [column.name for column in node.args["alias"].columns]
    parts = [
        exp.alias_(exp.Explode(this=each.copy()), name)
        for each, name in zip(node.expressions, names, strict=True)
    ]
    alias = node.args["alias"].this.name
    return exp.Lateral(this=exp.select(*parts).subquery(), alias=exp.TableAlias(this=alias))


def _unnamed(node: exp.Expression) -> exp.Expression:
    """Rows whose fields are asked for by number have no names."""
    if isinstance(node, exp.Struct):
        return exp.Anonymous(this="row", expressions=[each.copy() for each in node.expressions])
    return node
