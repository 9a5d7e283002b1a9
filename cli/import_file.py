"""headwater import: bring history in from files."""

from pathlib import Path

import click

from cli.context import Context, pass_context
from cli.errors import PartlyDone
from cli.output import output_option, write_rows


@click.group(help="Bring history in from files.")
def command() -> None:
    """Hold the verbs below."""


@command.command("access-log", help="Import page views of a Combined log file, plain or gzip.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--site", required=True, help="Id of the site.")
@click.option("--key", help="Secret key (hw_sec_) of the site; this home's own when not given.")
@click.option("--host", help="Host of the pages; the site's first host when not given.")
@click.option("--restate/--no-restate", default=True, help="Have the days of the file restated.")
@output_option
@pass_context
def access_log(
    context: Context,
    file: Path,
    site: str,
    key: str | None,
    host: str | None,
    restate: bool,
    output: str,
) -> None:
    """Write page views by local date to stdout. The same file again changes no number."""
    from cli.edge import EdgeClient
    from cli.home_keys import own_key
    from cli.importing.events import Source
    from cli.importing.files import open_log
    from cli.importing.run import Tally, checked, post_log, restate_dates, wait_for_rows
    from cli.progress import progress
    from cli.send import host_of

    log = open_log(file)
    url = context.environment["HEADWATER_EDGE_URL"]
    page_host = host or host_of(context, site)
    context.say(f"pages are https://{page_host}/...; --host names another")
    client = EdgeClient(url, key or own_key(context, site, "sec"))
    with progress(context, f"importing {file.name}", log.line_count, "lines") as advance:
        tally: Tally = checked(post_log(client, log, page_host, advance), str(file))
    client.close()
    for line in tally.lines():
        context.say(line)
    if tally.first_at is None or tally.last_at is None:
        return
    prefix = Source(log.digest, page_host).id_prefix
    by_date = wait_for_rows(context, site, prefix, tally.first_at, tally.last_at, tally.taken)
    if restate:
        restate_dates(context, site, list(by_date), f"import of {file.name}")
    write_rows([{"date": day, "page_views": n} for day, n in by_date.items()], output)
    if tally.refused:
        raise PartlyDone(
            f"{len(tally.refused)} of {tally.sent} page views were refused by the edge.",
            where=str(file),
            fix=f"First reason: {tally.refused[0].reason} ({tally.refused[0].place})",
        )
    context.say("next: headwater sql 'SELECT * FROM daily_site ORDER BY local_date'")
