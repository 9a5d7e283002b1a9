"""headwater plan: which tables and days a change of definitions touches."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from cli.context import Context, pass_context
from cli.output import output_option, write_rows
from cli.rooms import ask_trino, open_control, sql_of

if TYPE_CHECKING:
    from schemas.site_definitions import SiteDefinitions

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
    from serving.control.definitions import definitions_by_site

    with open_control(context) as conn:
        own = definitions_by_site(conn)
    runs = ask_trino(context, sql_of("runs_by_definitions"), [site, site]).as_dicts()
    rows = touched(runs, own)
    write_rows(rows, output, _COLUMNS)
    for name in dict.fromkeys(row["site"] for row in rows):
        first = min(row["from"] for row in rows if row["site"] == name)
        last = max(row["to"] for row in rows if row["site"] == name)
        context.say(f"next: headwater backfill --site {name} --from {first} --to {last} --outdated")
    if not rows:
        context.say("every restated day was made with the definitions of this checkout")


def touched(
    runs: Iterable[Mapping[str, Any]], own: "Mapping[str, SiteDefinitions]"
) -> list[dict[str, Any]]:
    """Return what is outdated, given days of sites by the definitions they were made with."""
    from pipelines.batch.definitions import definitions, of_day, outdated
    from schemas.site_definitions import SiteDefinitions

    newest = definitions()
    found: dict[Touched, list[date]] = defaultdict(list)
    for run in runs:
        site, made_with = run["site_id"], json.loads(run["definitions"] or "{}")
        for day in run["dates"]:
            wanted = of_day(newest, own.get(site, SiteDefinitions()), day)
            for table, reason in outdated(made_with, wanted).items():
                found[Touched(site, table, reason)].append(day)
    return [
        {**place._asdict(), "days": len(days), "from": min(days), "to": max(days)}
        for place, days in found.items()
    ]
