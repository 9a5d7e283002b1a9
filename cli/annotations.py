"""headwater annotations: note what happened, for whoever reads a site's numbers."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from cli.context import Context, pass_context
from cli.output import output_option, write_rows
from cli.restate import read_day
from cli.rooms import open_control

if TYPE_CHECKING:
    from serving.control.annotations import Annotation, Note

_BY: Final = "command line"
_COLUMNS: Final = ("annotation_id", "date", "until", "at", "text", "updated_by", "updated_at")


def _moment(_: click.Context, __: click.Parameter, value: str | None) -> datetime | None:
    """Read an instant; one without an offset would be another in each zone."""
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no moment such as 2026-11-03T09:00Z") from error
    if found.tzinfo is None:
        raise click.BadParameter(f"{value!r} has no offset; write {value}Z for UTC")
    return found


def _time_options(function: Callable[..., Any]) -> Callable[..., Any]:
    options = (
        click.option("--date", "first", callback=read_day, metavar="DAY",
                     help="Local day that it is about; without it the moment --at, or now."),
        click.option("--until", "last", callback=read_day, metavar="DAY",
                     help="With --date: last local day."),
        click.option("--at", callback=_moment, metavar="MOMENT",
                     help="Moment that it is about, with its offset."),
    )  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


@click.group(help="Note what happened on a site's dates and moments.")
def command() -> None:
    """Hold the verbs below."""


@command.command("add", help="Note TEXT at SITE: now, or when the options say.")
@click.argument("site")
@click.argument("text")
@_time_options
@pass_context
def add(context: Context, /, site: str, text: str, **when: Any) -> None:
    """Write the annotation's id to stdout."""
    from serving.control import annotations

    with open_control(context) as conn:
        made = annotations.add(conn, site, _note(text, **when), _BY)
    click.echo(made.annotation_id)


@command.command("change", help="Write ANNOTATION of SITE anew: TEXT, and when.")
@click.argument("site")
@click.argument("annotation")
@click.argument("text")
@_time_options
@pass_context
def change(context: Context, /, site: str, annotation: str, text: str, **when: Any) -> None:
    """Write its id to stdout."""
    from serving.control import annotations

    with open_control(context) as conn:
        annotations.change(conn, site, annotation, _note(text, **when), _BY)
    click.echo(annotation)


@command.command("list", help="List the annotations of SITE by date.")
@click.argument("site")
@click.option("--from", "first", callback=read_day, metavar="DAY", help="First local day.")
@click.option("--to", "last", callback=read_day, metavar="DAY", help="Last local day.")
@output_option
@pass_context
def list_all(
    context: Context, site: str, first: date | None, last: date | None, output: str
) -> None:
    """Write one row per annotation."""
    from serving.control.annotations import EVER, of_site
    from serving.control.sites import get_site

    with open_control(context) as conn:
        zone = get_site(conn, site).timezone
        found = of_site(conn, site, first or EVER[0], last or EVER[1])
    write_rows([_row(one, zone) for one in found], output, _COLUMNS)
    if not found:
        context.say(f"next: headwater annotations add {site} 'Autumn sale begins'")


@command.command("remove", help="Forget ANNOTATION of SITE.")
@click.argument("site")
@click.argument("annotation")
@pass_context
def remove(context: Context, site: str, annotation: str) -> None:
    """Write its id to stdout."""
    from serving.control import annotations

    with open_control(context) as conn:
        annotations.remove(conn, site, annotation)
    click.echo(annotation)


def _note(text: str, first: date | None, last: date | None, at: datetime | None) -> "Note":
    from serving.control.annotations import Note

    is_now = (first, last, at) == (None, None, None)
    return Note(text, first, last, datetime.now(UTC).replace(microsecond=0) if is_now else at)


def _row(one: "Annotation", zone: str) -> dict[str, Any]:
    from zoneinfo import ZoneInfo

    first, last = one.days(ZoneInfo(zone))
    return {
        "annotation_id": one.annotation_id,
        "date": first,
        "until": last,
        "at": one.noted_at.astimezone(ZoneInfo(zone)).isoformat() if one.noted_at else None,
        "text": one.text,
        "updated_by": one.updated_by,
        "updated_at": one.updated_at,
    }
