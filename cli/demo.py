"""headwater demo: everything running, with a site that looks alive."""

import json
import signal
import time
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Final

import click

from cli.context import Context, pass_context
from cli.errors import CliError

if TYPE_CHECKING:
    from cli.demo_site.setup import DemoKeys

# The page opens on the week that the history fills.
_VIEW: Final = "site=demo&p=7d"
_EXAMPLE_SQL: Final = (
    "SELECT channel, count(*) AS sessions, sum(conversion_count) AS conversions"
    " FROM sessions WHERE site_id = 'demo' GROUP BY channel ORDER BY sessions DESC LIMIT 5"
)
_START_SECONDS: Final = 600  # of a busy machine; an idle one takes about a minute
_REPORT_EVERY: Final = 100


@click.command(help="Start everything with a demo site, a week of history and live visitors.")
@click.option("--live/--no-live", default=True, help="Keep live visitors coming until Ctrl-C.")
@pass_context
def command(context: Context, live: bool) -> None:
    """Write the addresses to stdout; Ctrl-C stops what this started."""
    from infra.local.home import Home
    from infra.local.running import stop
    from infra.local.supervisor import is_locked

    # A polite kill ends the demo like Ctrl-C does, also where a shell has it ignore Ctrl-C.
    for polite in (signal.SIGINT, signal.SIGTERM):
        signal.signal(polite, signal.default_int_handler)
    was_up = is_locked(Home(context.home))
    try:
        keys = _set_up(context)
        _show(context, keys)
        if live:
            _keep_alive(context, keys)
    except KeyboardInterrupt:
        context.say("")
    finally:
        if live and not was_up:
            context.say("stopping everything; the next start goes on from here")
            stop(context.home)
    if was_up or not live:
        context.say("everything stays up; `headwater down` stops it")


def _set_up(context: Context) -> "DemoKeys":
    from cli.demo_site.setup import bring_history, make_site
    from infra.local.running import NotReady, start_detached

    try:
        start_detached(context.home, [], _START_SECONDS, context.say)
    except NotReady as error:
        where = f"{context.home}/logs"
        raise CliError(str(error), where=where, fix="headwater status, then the log") from error
    keys = make_site(context)
    bring_history(context, keys)
    return keys


def _show(context: Context, keys: "DemoKeys") -> None:
    """Write what a newcomer wants to click, copy and try."""
    from cli.open import sign_in_link
    from cli.rooms import ask_trino

    env = context.environment
    serving, edge = env["HEADWATER_SERVING_URL"], env["HEADWATER_EDGE_URL"]
    question = {"site": "demo", "metrics": ["visitors", "revenue"], "date_range": "7d"}
    for name, text in (
        ("page", f"{sign_in_link(context, _VIEW)}  (signs you in once)"),
        ("API docs", f"{serving}/docs"),
        ("Flink", env["HEADWATER_FLINK_URL"]),
        ("Trino", f"{env['HEADWATER_TRINO_URL']}/ui/"),
        ("Dagster", env["HEADWATER_DAGSTER_URL"]),
        ("tracker", f'<script async src="{edge}/s.js?k={keys.public}"></script>'),
        ("read key", keys.api),
    ):
        click.echo(f"  {name:9} {text}")
    click.echo("\n  ask the API:")
    click.echo(f"  curl -s {serving}/api/v1/query -H 'Authorization: Bearer {keys.api}' \\")
    click.echo(f"    -H 'Content-Type: application/json' -d '{json.dumps(question)}'")
    click.echo(f'\n  ask in SQL:\n  .venv/bin/headwater sql "{_EXAMPLE_SQL}"')
    _show_answer(ask_trino(context, _EXAMPLE_SQL).as_dicts())


def _show_answer(rows: list[dict[str, object]]) -> None:
    from cli.output import write_rows

    click.echo()
    write_rows(rows, "human")
    click.echo()


def _keep_alive(context: Context, keys: "DemoKeys") -> None:
    """Send live visitors until Ctrl-C; an edge that is away for a while does not end it."""
    from cli.demo_site.trickle import send_live
    from cli.edge import EdgeClient

    def report(sent: int) -> None:
        if sent % _REPORT_EVERY == 0:
            context.say(f"{sent} live events sent")

    context.say("live visitors are coming; Ctrl-C stops everything")
    client = EdgeClient(context.environment["HEADWATER_EDGE_URL"], keys.public)
    while True:
        try:
            random = Random(time.time_ns())  # noqa: S311 - made-up visitors need no secrecy
            send_live(client, random, lambda: datetime.now(UTC), time.sleep, report)
        except CliError as error:
            context.say(f"live visitors pause: {error.what}")
            time.sleep(5)
