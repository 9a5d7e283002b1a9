"""headwater quality: what is unlike before in the events of closed days."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click

from cli.context import Context, pass_context
from cli.errors import UsageFault
from cli.output import output_option, write_rows
from cli.restate import read_day
from cli.rooms import ask_trino, sql_of

_WEEK: Final = timedelta(days=7)
_COLUMNS: Final = (
    "local_date", "site_id", "event_name", "property_name", "finding", "found", "usual", "says",
)  # fmt: skip


@click.command(help="Show what is unlike before in the events of closed days.")
@click.option("--site", help="Id of a site; all when not given.")
@click.option("--from", "first", callback=read_day, metavar="DATE", help="First local date.")
@click.option("--to", "last", callback=read_day, metavar="DATE", help="Last local date.")
@click.option(
    "--html",
    "page",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write a report that a browser shows to this file, too.",
)
@output_option
@pass_context
def command(
    context: Context,
    site: str | None,
    first: date | None,
    last: date | None,
    page: Path | None,
    output: str,
) -> None:
    """Write a row for each finding; by default those of the last seven days."""
    last = last or datetime.now(UTC).date()
    first = first or last - _WEEK
    if last < first:
        raise UsageFault("--to lies before --from.", fix="Exchange the two.")
    asked = [site, first, last]
    found = [_in_words(row) for row in ask_trino(context, sql_of("quality"), asked).as_dicts()]
    write_rows(found, output, _COLUMNS)
    if not found:
        context.say(f"nothing was found in the closed days from {first} to {last}")
    if page is not None:
        events = ask_trino(context, sql_of("quality_events"), asked).as_dicts()
        _write_page(page, f"{first} to {last}", found, events)
        context.say(f"wrote {page}")


def _in_words(row: dict[str, Any]) -> dict[str, Any]:
    from schemas.load import RULES

    return row | {"says": RULES.quality.findings[row["finding"]]}


def _write_page(
    path: Path, period: str, found: list[dict[str, Any]], events: list[dict[str, Any]]
) -> None:
    from cli.quality_page import page_of

    try:
        path.write_text(page_of(period, found, events), "utf-8")
    except OSError as error:
        fix = "Name a file in a folder that you may write to."
        raise UsageFault(f"{path} cannot be written: {error.strerror}.", fix=fix) from error
