"""headwater export: a site's own rows of a view, to a file or to stdout, however many."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import click

from cli.context import Context, pass_context
from cli.errors import CliError, UsageFault
from cli.progress import counted
from cli.restate import read_day
from cli.rooms import open_control, told_plainly

if TYPE_CHECKING:
    from pipelines.lake.export.asked import Export
    from serving.control.sites import Site

_FORMATS: Final = ("parquet", "csv", "json")
_STDOUT: Final = "-"


@click.command(help="Write a site's own rows of a view to a file: Parquet, CSV or JSON.")
@click.option("--site", "site_id", required=True, help="Id of the site.")
@click.option("--table", required=True, help="View of schema analytics: events, sessions, ...")
@click.option("--from", "first", callback=read_day, metavar="DATE", help="First local date.")
@click.option("--to", "last", callback=read_day, metavar="DATE", help="Last local date.")
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default="csv",
    show_default=True,
    help="json is one object a line.",
)
@click.option(
    "--output",
    "-o",
    default=_STDOUT,
    show_default=True,
    metavar="FILE",
    help="Where to; it has its name once it is whole. - is stdout.",
)
@pass_context
def command(
    context: Context,
    site_id: str,
    table: str,
    first: date | None,
    last: date | None,
    form: str,
    output: str,
) -> None:
    """Write rows to stdout or a file; how far it is goes to stderr."""
    from pipelines.lake.export.asked import Export

    _check(table, first, last)  # what needs no home, first
    if form == "parquet" and output == _STDOUT and sys.stdout.isatty():
        raise UsageFault("Parquet is not for a terminal.", fix="Give --output FILE.")
    site = find_site(context, site_id)
    asked = Export(site_id, site.timezone, table, first, last)
    with opened(output) as out:
        count = _write(context, asked, form, out)
    context.say(f"{count:,} rows of {table}" + ("" if output == _STDOUT else f" in {output}"))


def _check(table: str, first: date | None, last: date | None) -> None:
    from schemas.exports import NoExport, check_export

    try:
        check_export(table, first, last)
    except NoExport as error:
        raise UsageFault(str(error), fix=error.fix) from error


def find_site(context: Context, site_id: str) -> "Site":
    """Return the site, or raise CliError."""
    from serving.control.sites import get_site

    with open_control(context) as conn:
        return get_site(conn, site_id)


@contextmanager
def opened(output: str) -> Iterator[IO[bytes]]:
    """Lend stdout, or a file that has its name once it is whole; raises CliError."""
    from pipelines.lake.export.files import drafted

    if output == _STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        with drafted(Path(output)) as file:
            yield file
    except OSError as error:
        raise CliError(
            f"{output} cannot be written: {error.strerror or error}",
            where="--output",
            fix="Name a file in a folder that is there and has room.",
        ) from error


def _write(context: Context, asked: "Export", form: str, out: IO[bytes]) -> int:
    from pipelines.lake.export.asked import statement, tenant
    from pipelines.lake.export.files import write_rows
    from schemas.exports import Format

    trino = tenant(context.environment["HEADWATER_TRINO_URL"], asked.site_id)
    with told_plainly(context), trino.stream(*statement(asked)) as stream:
        return write_rows(Format(form), stream, out, counted(context, "export", "rows so far"))
