"""headwater send: one event through the edge, and how long it takes to be readable."""

import uuid
from datetime import UTC, datetime
from typing import Any, Final

import click

from cli.context import Context, pass_context
from cli.errors import CliError
from cli.output import output_option, write_rows
from cli.rooms import ask_trino, open_control, sql_of

_TIMEOUT_SECONDS: Final = 60.0
_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"


def _property(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Read NAME=VALUE pairs."""
    pairs = [value.partition("=") for value in values]
    if wrong := [name for name, sign, _ in pairs if not sign or not name]:
        raise click.BadParameter(f"{wrong[0]!r} is not NAME=VALUE")
    return {name: value for name, _, value in pairs}


@click.command(help="Send one event and wait until SQL shows it.")
@click.option("--site", required=True, help="Id of the site.")
@click.option("--key", help="Write key (hw_pub_ or hw_sec_); this home's own when not given.")
@click.option("--name", default="page_view", show_default=True, help="Name of the event.")
@click.option("--path", default="/", show_default=True, help="Path of the page.")
@click.option("--visitor", help="Anonymous id of the visitor; a new one when not given.")
@click.option("--property", "properties", multiple=True, callback=_property, metavar="NAME=VALUE")
@click.option(
    "--wait/--no-wait", default=True, show_default=True, help="Wait until it is readable."
)
@output_option
@pass_context
def command(
    context: Context,
    site: str,
    key: str | None,
    name: str,
    path: str,
    visitor: str | None,
    properties: dict[str, str],
    wait: bool,
    output: str,
) -> None:
    """Write the event's id and the seconds until it was readable to stdout."""
    from cli.edge import EdgeClient
    from cli.home_keys import own_key

    host = host_of(context, site)
    message = event(name, host, path, visitor or f"cli-{uuid.uuid4()}", properties)
    client = EdgeClient(
        context.environment["HEADWATER_EDGE_URL"],
        key or own_key(context, site, "pub"),
    )
    browser = {"User-Agent": _AGENT, "Origin": f"https://{host}"}
    refused = client.post_batch([message], browser, sentAt=_iso(datetime.now(UTC)))
    client.close()
    if refused:
        raise CliError(
            f"The edge refused the event: {refused[0].reason}",
            where=refused[0].place,
            fix="Change what is named and send again.",
        )
    context.say("taken by the edge: it is durable")
    seconds = _wait_until_readable(context, site, message["messageId"]) if wait else None
    write_rows([{"event_id": message["messageId"], "readable_after_s": seconds}], output)


def event(
    name: str, host: str, path: str, visitor: str, properties: dict[str, str]
) -> dict[str, Any]:
    """Return one event in Segment's format, happening now."""
    page = {"url": f"https://{host}{path}", "path": path}
    return {
        "type": "page" if name == "page_view" else "track",
        "event": name,
        "messageId": str(uuid.uuid4()),
        "anonymousId": visitor,
        "timestamp": _iso(datetime.now(UTC)),
        "properties": {**page, **properties} if name == "page_view" else dict(properties),
        "context": {"page": page, "locale": "en", "library": {"name": "headwater-cli"}},
    }


def host_of(context: Context, site: str) -> str:
    """Return a host the site accepts."""
    from serving.control.sites import get_site

    with open_control(context) as conn:
        hosts = get_site(conn, site).allowed_hosts
    return hosts[0].replace("*", "www") if hosts else f"{site}.example"


def _wait_until_readable(context: Context, site: str, event_id: str) -> float:
    from cli.waiting import wait_for

    _, seconds = wait_for(
        lambda: ask_trino(context, sql_of("event_is_readable"), [site, event_id]).rows or None,
        what=f"event {event_id} to be readable in analytics.events",
        fix="See `headwater jobs list` and `headwater dlq ls`.",
        timeout_seconds=_TIMEOUT_SECONDS,
    )
    context.say(f"readable in analytics.events after {seconds:.1f} s")
    return round(seconds, 2)


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
