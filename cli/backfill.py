"""headwater backfill: compute many days again, some at a time; again goes on where it stopped."""

import hashlib
import time
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
    from serving.control.restatements import Restatement

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
    default=7,
    show_default=True,
    type=click.IntRange(1, 100),
    help="Days in a request: more are quicker and take more memory.",
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
    at_once: int,
    wait: bool,
    output: str,
) -> None:
    """Write the plan to stdout, a row for each request; queue them and show how far they are."""
    between(first, last)
    reason = f"backfill {first}..{last}" + (f" of {table}" if table else "")
    days = _days(context, site_id, first, last, table)
    if is_outdated_only:
        reason += f" to definitions {_newest_definitions()}"
        days = [day for day in days if day.is_outdated]
    earlier = [] if again else _earlier(context, site_id, reason)
    due = requests_of([day for day in days if day.local_date not in begun(earlier)], at_once)
    write_rows([request.row() for request in due], output, _COLUMNS)
    _tell(context, due, earlier)
    if dry_run:
        return
    numbers = [each.restatement_id for each in earlier if not each.is_over]
    numbers += _queue(context, site_id, due, reason)
    if wait:
        _wait(context, numbers)
    elif numbers:
        context.say("queued; the same command again shows how far it is")


def _days(context: Context, site_id: str, first: date, last: date, table: str | None) -> list[Day]:
    from pipelines.lake.compaction import restated_tables
    from serving.control.sites import get_site

    columns = restated_tables()
    if table is not None and table not in columns:
        raise UsageFault(f"No table of days {table!r}.", fix=f"Tables: {', '.join(columns)}.")
    with open_control(context) as conn:
        site = get_site(conn, site_id)
    days = days_of(context, site, first, last)
    if not days:
        raise CliError(
            f"Site {site_id!r} has no events from {first} to {last}.",
            where="web.events",
            fix="Days it has: headwater sql 'SELECT min(event_at), max(event_at) FROM events'",
        )
    done = filled(context, site, table, columns[table], first, last) if table else set()
    return [day for day in days if day.local_date not in done]


def _newest_definitions() -> str:
    """Return what tells this checkout's definitions from others."""
    from pipelines.batch.definitions import definitions

    return hashlib.sha256(repr(definitions()).encode()).hexdigest()[:8]


def _earlier(context: Context, site_id: str, reason: str) -> "list[Restatement]":
    from serving.control import restatements

    with open_control(context) as conn:
        return restatements.with_reason(conn, site_id, reason)


def _tell(context: Context, due: Sequence[Request], earlier: "Sequence[Restatement]") -> None:
    from serving.control import restatements

    done = sum(len(each.dates) for each in earlier if each.status == "done")
    if done:
        context.say(f"days done by this command before: {done}; --again takes them, too")
    count = sum(len(request.days) for request in due)
    with open_control(context) as conn:
        seconds = restatements.seconds_per_date(conn)
    took = "how long is not known yet" if seconds is None else f"about {about(seconds * count)}"
    events = sum(day.events for request in due for day in request.days)
    context.say(f"days: {count}, events: {events:,}, requests: {len(due)}; {took}")


def _queue(context: Context, site_id: str, due: Sequence[Request], reason: str) -> list[int]:
    from serving.control import restatements

    with open_control(context) as conn:
        return [restatements.queue(conn, site_id, each.dates, reason) for each in due]


def _wait(context: Context, numbers: Sequence[int]) -> None:
    """Show each request that ends; what is queued goes on if this command is stopped."""
    from serving.control import restatements

    with open_control(context) as conn:
        seen = {number: restatements.get(conn, number) for number in numbers}
        total = sum(len(each.dates) for each in seen.values())
        with progress(context, "backfill", total, "days") as advance:
            moved_at = time.monotonic()
            while waiting := [number for number, each in seen.items() if not each.is_over]:
                for number in waiting:
                    seen[number] = restatements.get(conn, number)
                    if seen[number].is_over:
                        moved_at = time.monotonic()
                        advance(len(seen[number].dates))
                _check_that_it_moves(moved_at)
                time.sleep(_PAUSE_SECONDS)
    _check_that_all_went_well(context, list(seen.values()))


def _check_that_it_moves(moved_at: float) -> None:
    if time.monotonic() - moved_at > _REQUEST_SECONDS:
        raise CliError(
            f"No request has ended for {_REQUEST_SECONDS / 60:.0f} minutes.",
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
