"""headwater reports: mail a site's numbers every day or week, or look at a report."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import IO, TYPE_CHECKING, Any, Final

import click

from cli.context import Context, pass_context
from cli.errors import CliError, UsageFault
from cli.output import output_option, write_rows
from cli.restate import read_day
from cli.rooms import open_control
from schemas.load import RULES

if TYPE_CHECKING:
    from serving.control.reports import Schedule, Send
    from serving.control.sites import Site
    from serving.reports.figures import Figures
    from serving.reports.periods import Period

_EVERY: Final = click.Choice(["daily", "weekly"])
_COLUMNS: Final = (
    "schedule_id", "site_id", "every", "hour", "recipients", "newest", "status", "message",
)  # fmt: skip


@click.group(help="Mail a site's numbers every day or week, or look at a report.")
def command() -> None:
    """Hold the verbs below."""


@command.command("add", help="Mail a report of SITE every day or week.")
@click.argument("site")
@click.option("--every", type=_EVERY, default="daily", show_default=True, help="How often.")
@click.option("--hour", type=int, default=RULES.reports.hour, show_default=True,
              help="Hour of the site's own day, from which it is sent.")  # fmt: skip
@click.option("--to", "recipients", multiple=True, required=True, metavar="ADDRESS",
              help="Who gets it; may be given many times.")  # fmt: skip
@pass_context
def add(context: Context, site: str, every: str, hour: int, recipients: tuple[str, ...]) -> None:
    """Write the new schedule's id to stdout."""
    from serving.control.reports import add_schedule

    with open_control(context) as conn:
        made = add_schedule(conn, site, every, recipients, hour)
    click.echo(made.schedule_id)
    _warn_of_settings(context)
    context.say(f"to look at one now: headwater reports send {made.schedule_id} --out report.html")


@command.command("list", help="List schedules and what became of their newest report.")
@click.option("--site", help="Only those of this site.")
@output_option
@pass_context
def list_all(context: Context, site: str | None, output: str) -> None:
    """Write one row per schedule."""
    from serving.control.reports import list_schedules, list_sends

    oldest = datetime.now(UTC) - timedelta(days=RULES.reports.pending_days)
    with open_control(context) as conn:
        schedules = list_schedules(conn, site)
        newest = {one.schedule_id: one for one in reversed(list_sends(conn, oldest))}
    rows = [_row(schedule, newest.get(schedule.schedule_id)) for schedule in schedules]
    write_rows(rows, output, _COLUMNS)
    if not rows:
        context.say("next: headwater reports add SITE --every weekly --to ann@example.com")


@command.command("remove", help="Send the report SCHEDULE no more.")
@click.argument("schedule")
@pass_context
def remove(context: Context, schedule: str) -> None:
    """Remove it with what is known of the reports it sent."""
    from serving.control.reports import remove_schedule

    with open_control(context) as conn:
        remove_schedule(conn, schedule)
    click.echo(schedule)


@command.command("send", help="Send the report SCHEDULE now, or write it to a file.")
@click.argument("schedule", required=False)
@click.option("--site", help="Look at a report of this site that nobody has scheduled.")
@click.option("--every", type=_EVERY, default="daily", show_default=True, help="With --site.")
@click.option("--date", "day", callback=read_day, metavar="DATE",
              help="A local day of the period; by default the newest that has ended.")  # fmt: skip
@click.option("--now", is_flag=True, help="Mail it to those it is for, even if they had it.")
@click.option("--out", type=click.File("w", encoding="utf-8", lazy=True), metavar="FILE",
              help="Write the HTML there instead; - is stdout.")  # fmt: skip
@pass_context
def send(
    context: Context,
    schedule: str | None,
    site: str | None,
    every: str,
    day: date | None,
    now: bool,
    out: IO[str] | None,
) -> None:
    """Do one of the two; a report whose days may still change says so."""
    if now == (out is not None):
        raise UsageFault("Give --now to mail it, or --out FILE to write it.")
    if (schedule is None) == (site is None):
        raise UsageFault("Give a SCHEDULE, or --site.", fix="See `headwater reports list`.")
    if out is not None:
        html = _html(context, schedule, site or "", every, day)
        out.write(html)  # opened only now: a report that cannot be read leaves no empty file
    elif schedule is None:
        raise UsageFault(
            "--now mails what is scheduled.", fix="headwater reports add SITE --to ADDRESS"
        )
    else:
        _mail(context, schedule, day)


def _mail(context: Context, schedule_id: str, day: date | None) -> None:
    from serving.control.reports import get_schedule
    from serving.control.sites import get_site
    from serving.reports.send import reader, send_now

    read, at = reader(context.environment["HEADWATER_TRINO_URL"]), datetime.now(UTC)
    with open_control(context) as conn:
        schedule = get_schedule(conn, schedule_id)
        site = get_site(conn, schedule.site_id)
        period = _period(site, schedule.every, day, at)
        done = send_now(conn, schedule, period, read, _mail_server(context), at)
    if done.failures:
        raise CliError(
            f"The report was not sent: {done.failures[0]}",
            where=f"report {schedule_id}",
            fix="docs/runbooks/report-not-sent.md tells what to look at.",
        )
    click.echo(f"sent to {', '.join(schedule.recipients)}")


def _html(
    context: Context, schedule_id: str | None, site_id: str, every: str, day: date | None
) -> str:
    from serving.control.reports import get_schedule
    from serving.control.sites import get_site
    from serving.reports.render import render

    with open_control(context) as conn:
        if schedule_id is not None:
            schedule = get_schedule(conn, schedule_id)
            site_id, every = schedule.site_id, schedule.every
        site = get_site(conn, site_id)
    return render(_figures(context, site, every, day)).html


def _figures(context: Context, site: "Site", every: str, day: date | None) -> "Figures":
    from serving.errors import ServingError
    from serving.reports.periods import Every
    from serving.reports.send import reader

    period = _period(site, every, day, datetime.now(UTC))
    try:
        return reader(context.environment["HEADWATER_TRINO_URL"])(site, Every(every), period)
    except ServingError as error:
        raise CliError(error.detail, where="Trino", fix="See `headwater status`.") from error


def _period(site: "Site", every: str, day: date | None, now: datetime) -> "Period":
    from serving.reports.periods import Every, containing, newest

    if day is None:
        return newest(Every(every), site.timezone, now)
    return containing(Every(every), day)


def _mail_server(context: Context) -> Callable[[], Any]:
    from serving.config import MailServer

    return lambda: MailServer.from_env(context.environment)


def _warn_of_settings(context: Context) -> None:
    """Say at once what would fail at the first report."""
    from serving.config import MissingSetting

    try:
        _mail_server(context)()
    except MissingSetting as error:
        context.say(f"warning: {error}")


def _row(schedule: "Schedule", newest: "Send | None") -> dict[str, Any]:
    return {
        "schedule_id": schedule.schedule_id,
        "site_id": schedule.site_id,
        "every": schedule.every,
        "hour": schedule.hour,
        "recipients": " ".join(schedule.recipients),
        "newest": newest.first_date if newest else None,
        "status": newest.status if newest else "not yet",
        "message": newest.error if newest else None,
    }
