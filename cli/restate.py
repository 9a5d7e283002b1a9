"""headwater restate: compute days of a site again."""

from datetime import date, timedelta
from typing import Final

import click

from cli.context import Context, pass_context
from cli.errors import CliError, UsageFault
from cli.rooms import open_control

# What a busy machine may take to start a restatement, and for each of its dates.
_START_SECONDS: Final = 600.0
_DATE_SECONDS: Final = 60.0


def _dates(_: click.Context, __: click.Parameter, value: str | None) -> list[date]:
    """Read dates separated by commas."""
    words = [word.strip() for word in (value or "").split(",") if word.strip()]
    return [_date(word) for word in words]


def read_day(_: click.Context, __: click.Parameter, value: str | None) -> date | None:
    """Read a date; click tells of one that is none."""
    return _date(value) if value else None


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not a date such as 2026-11-03") from error


@click.command(help="Compute days of a site again from its events.")
@click.option("--site", required=True, help="Id of the site.")
@click.option("--dates", callback=_dates, help="Local dates, separated by commas.")
@click.option("--from", "first", callback=read_day, metavar="DATE", help="First local date.")
@click.option("--to", "last", callback=read_day, metavar="DATE", help="Last local date.")
@click.option("--hold", is_flag=True, help="Make the days without showing them: headwater held.")
@click.option("--wait/--no-wait", default=False, show_default=True, help="Wait until it is done.")
@pass_context
def command(
    context: Context,
    site: str,
    dates: list[date],
    first: date | None,
    last: date | None,
    hold: bool,
    wait: bool,
) -> None:
    """Write the number of the request to stdout."""
    wanted = dates + between(first, last)
    if not wanted:
        raise UsageFault("No dates given.", fix="Use --dates or --from and --to.")
    number = queue(context, site, wanted, "asked for on the command line", is_held=hold)
    click.echo(number)
    if wait:
        wait_until_done(context, number)
        if hold:
            context.say(f"next: headwater held list --site {site}")
    else:
        context.say("queued; add --wait to see it done, or look into Dagster's page")


def between(first: date | None, last: date | None) -> list[date]:
    """Return the dates from first to last, both included; UsageFault unless they make sense."""
    if (first is None) != (last is None):
        raise UsageFault("--from and --to go together.", fix="Give both, or use --dates.")
    if first is None or last is None:
        return []
    if last < first:
        raise UsageFault("--to lies before --from.", fix="Exchange the two.")
    return [first + timedelta(days=day) for day in range((last - first).days + 1)]


def queue(
    context: Context, site: str, dates: list[date], reason: str, *, is_held: bool = False
) -> int:
    """Ask for dates to be restated; a Dagster sensor takes the request."""
    from serving.control import restatements

    with open_control(context) as conn:
        return restatements.queue(conn, site, dates, reason, is_held=is_held)


def wait_until_done(context: Context, number: int) -> None:
    """Wait for a request, saying each change; raises CliError when it fails or takes too long."""
    from serving.control import restatements

    told: set[str] = set()

    def tell(seen: restatements.Restatement) -> None:
        if seen.status not in told:
            told.add(seen.status)
            context.say(f"restatement {number}: {len(seen.dates)} dates {seen.status}")

    with open_control(context) as conn:
        count = len(restatements.get(conn, number).dates)
        timeout_seconds = _START_SECONDS + count * _DATE_SECONDS
        seen = restatements.wait(conn, number, timeout_seconds, on_look=tell)
    if seen.status == "failed":
        raise CliError(
            f"Restatement {number} failed: {seen.error}",
            where=f"Dagster run {seen.run_id}",
            fix=f"See {context.environment['HEADWATER_DAGSTER_URL']}/runs",
        )
    if not seen.is_over:
        raise CliError(
            f"Restatement {number} is still {seen.status} after {timeout_seconds:.0f} s.",
            where="the restatement queue",
            fix="See `headwater status`: Dagster's daemon takes the queue.",
        )
