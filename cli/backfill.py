"""headwater backfill: compute many days again, some at a time; again goes on where it stopped."""

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

import click

from cli.backfill_plan import Day, Request, about, begun, days_of, filled, requests_of
from cli.context import Context, pass_context
from cli.errors import CliError, PartlyDone, UsageFault
from cli.output import output_option, write_rows
from cli.progress import progress
from cli.restate import between, read_day
from cli.rooms import open_control

if TYPE_CHECKING:
    from schemas.site_definitions import SiteDefinitions
    from serving.control.database import Connection
    from serving.control.restatements import Restatement
    from serving.control.sites import Site

# What a busy machine may take for one request before this command says that nothing moves.
_REQUEST_SECONDS: Final = 3_600.0
_PAUSE_SECONDS: Final = 1.0
_COLUMNS: Final = ("from", "to", "days", "restated_before", "events")


@click.command(help="Compute many days of a site again; the same command again goes on.")
@click.option("--site", "site_id", required=True, help="Id of the site.")
@click.option(
    "--from", "first", callback=read_day, required=True, metavar="DATE", help="First local date."
)
@click.option(
    "--to", "last", callback=read_day, required=True, metavar="DATE", help="Last local date."
)
@click.option("--table", help="Only days for which this table has no rows.")
@click.option(
    "--outdated",
    "is_outdated_only",
    is_flag=True,
    help="Only days made with other definitions than this checkout's: see headwater plan.",
)
@click.option("--dry-run", is_flag=True, help="Only show the plan.")
@click.option("--again", is_flag=True, help="Also days that the same command did before.")
@click.option(
    "--at-once",
    show_default="request_days of rules/restating.toml",
    type=click.IntRange(1, 100),
    help="Days in a request, which is done as a whole or asked for again.",
)
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until it is done.")
@output_option
@pass_context
def command(
    context: Context,
    site_id: str,
    first: date,
    last: date,
    table: str | None,
    is_outdated_only: bool,
    dry_run: bool,
    again: bool,
    at_once: int | None,
    wait: bool,
    output: str,
) -> None:
    """Write the plan to stdout, a row for each request; queue them and show how far they are."""
    from schemas.load import RULES
    from serving.control import restatements
    from serving.control.definitions import definitions_of_site
    from serving.control.sites import get_site

    between(first, last)
    reason = f"backfill {first}..{last}" + (f" of {table}" if table else "")
    with open_control(context) as conn:
        days = _days(context, get_site(conn, site_id), first, last, table)
        if is_outdated_only:
            days, digest = _outdated(days, definitions_of_site(conn, site_id))
            reason += f" to definitions {digest}"
        earlier = [] if again else restatements.with_reason(conn, site_id, reason)
        left = [day for day in days if day.local_date not in begun(earlier)]
        due = requests_of(left, at_once or RULES.restating.request_days)
        write_rows([request.row() for request in due], output, _COLUMNS)
        _tell(context, due, earlier, restatements.seconds_per_date(conn))
        if dry_run:
            return
        numbers = [each.restatement_id for each in earlier if not each.is_over]
        numbers += [restatements.queue(conn, site_id, each.dates, reason) for each in due]
        if wait:
            _wait(context, conn, numbers)
        elif numbers:
            context.say("queued; the same command again shows how far it is")


def _days(context: Context, site: "Site", first: date, last: date, table: str | None) -> list[Day]:
    from pipelines.lake.compaction import restated_tables

    columns = restated_tables()
    if table is not None and table not in columns:
        raise UsageFault(f"No table of days {table!r}.", fix=f"Tables: {', '.join(columns)}.")
    days = days_of(context, site, first, last)
    if not days:
        raise CliError(
            f"Site {site.site_id!r} has no events from {first} to {last}.",
            where="web.events",
            fix="Days it has: headwater sql 'SELECT min(event_at), max(event_at) FROM events'",
        )
    done = filled(context, site, table, columns[table], first, last) if table else set()
    return [day for day in days if day.local_date not in done]


def _outdated(days: Sequence[Day], own: "SiteDefinitions") -> tuple[list[Day], str]:
    """Return those made with other definitions, and what tells the newest from others."""
    from pipelines.batch.definitions import definitions

    newest = definitions()
    of_days = [own.digests_on(day.local_date) for day in days]
    told = [newest, of_days] if any(of_days) else newest
    digest = hashlib.sha256(repr(told).encode()).hexdigest()[:8]
    return [day for day in days if day.is_outdated(newest, own)], digest


def _tell(
    context: Context,
    due: Sequence[Request],
    earlier: "Sequence[Restatement]",
    seconds_per_date: float | None,
) -> None:
    done = sum(len(each.dates) for each in earlier if each.status == "done")
    if done:
        context.say(f"days done by this command before: {done}; --again takes them, too")
    count = sum(len(request.days) for request in due)
    took = "how long is not known yet"
    if seconds_per_date is not None:
        took = f"about {about(seconds_per_date * count)}"
    events = sum(day.events for request in due for day in request.days)
    context.say(f"days: {count}, events: {events:,}, requests: {len(due)}; {took}")


def _wait(context: Context, conn: "Connection", numbers: Sequence[int]) -> None:
    """Show each request that ends; what is queued goes on if this command is stopped."""
    from serving.control import restatements

    total = sum(len(restatements.get(conn, number).dates) for number in numbers)
    ended = []
    with progress(context, "backfill", total, "days") as advance:
        for number in numbers:
            seen = restatements.wait(conn, number, _REQUEST_SECONDS, pause_seconds=_PAUSE_SECONDS)
            _check_that_it_is_over(seen)
            advance(len(seen.dates))
            ended.append(seen)
    _check_that_all_went_well(context, ended)


def _check_that_it_is_over(seen: "Restatement") -> None:
    if not seen.is_over:
        raise CliError(
            f"Restatement {seen.restatement_id} is still {seen.status} after "
            f"{_REQUEST_SECONDS / 60:.0f} minutes.",
            where="the restatement queue",
            fix="See `headwater status`: Dagster's daemon takes the queue. "
            "The same command again goes on.",
        )


def _check_that_all_went_well(context: Context, ended: "Sequence[Restatement]") -> None:
    failed = [each for each in ended if each.status == "failed"]
    if not failed:
        context.say("next: headwater sql 'SELECT * FROM daily_site ORDER BY local_date'")
        return
    days = sum(len(each.dates) for each in failed)
    raise PartlyDone(
        f"{days} days failed; the first: {failed[0].error}",
        where=f"Dagster run {failed[0].run_id}",
        fix="Mend the cause; the same command again takes what failed.",
    )
