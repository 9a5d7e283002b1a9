"""headwater plan: which tables and days a change of definitions touches."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

import click

from cli.context import Context, pass_context
from cli.output import output_option, write_rows
from cli.rooms import ask_trino, sql_of

_COLUMNS = ("site", "table", "reason", "days", "from", "to")


class Touched(NamedTuple):
    """A table of a site whose rows would be others by now, and why."""

    site: str
    table: str
    reason: str


@click.command(help="Show which tables and days a change of definitions touches.")
@click.option("--site", help="Id of a site; all when not given.")
@output_option
@pass_context
def command(context: Context, site: str | None, output: str) -> None:
    """Write a row for each table of a site that has days made with other definitions."""
    runs = ask_trino(context, sql_of("runs_by_definitions"), [site, site]).as_dicts()
    rows = touched(runs)
    write_rows(rows, output, _COLUMNS)
    for name in dict.fromkeys(row["site"] for row in rows):
        first = min(row["from"] for row in rows if row["site"] == name)
        last = max(row["to"] for row in rows if row["site"] == name)
        context.say(f"next: headwater backfill --site {name} --from {first} --to {last} --outdated")
    if not rows:
        context.say("every restated day was made with the definitions of this checkout")


def touched(runs: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what is outdated, given days of sites by the definitions they were made with."""
    from pipelines.batch.definitions import definitions, outdated

    newest = definitions()
    found: dict[Touched, tuple[int, date, date]] = {}
    for run in runs:
        for table, reason in outdated(json.loads(run["definitions"] or "{}"), newest).items():
            place = Touched(run["site_id"], table, reason)
            days, first, last = found.get(place, (0, run["first_date"], run["last_date"]))
            first, last = min(first, run["first_date"]), max(last, run["last_date"])
            found[place] = (days + run["days"], first, last)
    return [
        {**place._asdict(), "days": days, "from": first, "to": last}
        for place, (days, first, last) in found.items()
    ]
