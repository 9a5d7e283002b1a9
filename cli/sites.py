"""headwater sites: register the websites that are tracked."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from cli.context import Context, pass_context
from cli.errors import UsageFault
from cli.output import output_option, write_rows
from cli.rooms import open_control
from schemas.load import RULES
from schemas.recording import recording_of

_COLUMNS = (
    "site_id",
    "name",
    "timezone",
    "allowed_hosts",
    "retention",
    "recording",
    "state",
    "created_at",
)
_CHANNELS_CHANGED: Final = (
    "edges follow in two seconds; days gone by change when they are restated: "
    "headwater backfill --site {site} --from DAY --to DAY --outdated"
)


@click.group(help="Create, list, pause and resume tracked sites.")
def command() -> None:
    """Hold the verbs below."""


def _retention(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    """Read `keep` as None, a number as days; nothing given means the product's default."""
    if value == "keep":
        return None
    if value is None:
        from serving.control.sites import RETENTION_DAYS

        return RETENTION_DAYS
    if not value.isdecimal() or int(value) < 1:
        raise click.BadParameter("give a number of days, or 'keep' to keep events for ever")
    return int(value)


@command.command("create", help="Register a site: SITE is its id in every command and query.")
@click.argument("site")
@click.option("--name", default="", help="Name people see; the id when not given.")
@click.option("--timezone", default="UTC", show_default=True, help="IANA zone that makes its days.")
@click.option("--host", "hosts", multiple=True, help="Host (or *.DOMAIN) that may send.")
@click.option("--retention", callback=_retention, metavar="keep|DAYS", help="Days events are kept.")
@pass_context
def create(
    context: Context,
    site: str,
    name: str,
    timezone: str,
    hosts: tuple[str, ...],
    retention: int | None,
) -> None:
    """Write the new site's id to stdout and the next step to stderr."""
    from serving.control.sites import create_site

    with open_control(context) as conn:
        made = create_site(
            conn,
            site,
            name=name,
            timezone=timezone,
            allowed_hosts=hosts,
            retention_days=retention,
        )
    click.echo(made.site_id)
    context.say(f"next: headwater keys create --site {made.site_id} --kind pub")


def _recording(settings: Mapping[str, Any]) -> str:
    """Return how a site records, for people."""
    recording = recording_of(settings)
    if recording is None:
        return "off"
    return f"{recording.sample_percent} % of sessions, {recording.keep_days} days"


@command.command("pause", help="Take no more events of a site; senders are told not to retry.")
@click.argument("site")
@pass_context
def pause(context: Context, site: str) -> None:
    """Pause; a second time is no error."""
    _switch(context, site, is_paused=True)
    context.say(f"{site} takes no events from now on; next: headwater sites resume {site}")


@command.command("resume", help="Take events of a paused site again.")
@click.argument("site")
@pass_context
def resume(context: Context, site: str) -> None:
    """Resume; a second time is no error."""
    _switch(context, site, is_paused=False)
    context.say(f"{site} takes events again; what was sent meanwhile is gone")


def _switch(context: Context, site: str, *, is_paused: bool) -> None:
    from serving.control.sites import pause_site

    with open_control(context) as conn:
        click.echo(pause_site(conn, site, is_paused=is_paused).site_id)


@command.command("cookieless", help="Count visitors of SITE by ids that need no cookie.")
@click.argument("site")
@click.argument("mode", type=click.Choice(["never", "on_reject", "always"]))
@pass_context
def cookieless(context: Context, site: str, mode: str) -> None:
    """Set the mode; on_reject is for those who deny consent."""
    from serving.control.sites import set_cookieless

    with open_control(context) as conn:
        click.echo(set_cookieless(conn, site, mode).site_id)
    if mode != "never":
        context.say("a cookieless visitor is a new one every day: visitors of days add up")


@command.command("channels", help="Show the channel rules that SITE asks before the usual ones.")
@click.argument("site")
@click.option("--file", "path", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Set them: [[channels]] as in schemas/rules/channels.toml.")  # fmt: skip
@click.option("--none", "is_none", is_flag=True, help="Have none from now on.")
@output_option
@pass_context
def channels(context: Context, site: str, path: Path | None, is_none: bool, output: str) -> None:
    """Write one row per rule; what is given is set first."""
    from serving.control.sites import get_site, set_channel_rules

    if path and is_none:
        raise UsageFault("--file and --none exclude each other.", fix="Give one of them.")
    with open_control(context) as conn:
        if path or is_none:
            set_channel_rules(conn, site, _rules_in(path) if path else [])
            context.say(_CHANNELS_CHANGED.format(site=site))
        rules = get_site(conn, site).settings.get("channel_rules") or []
    write_rows([_rule_row(rule) for rule in rules], output, ("channel", "when"))


def _rules_in(path: Path) -> list[dict[str, Any]]:
    try:
        read = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageFault(f"{path} is no TOML: {error}.", fix="Mend it and try again.") from error
    if set(read) != {"channels"}:
        raise UsageFault(f"{path} holds other than [[channels]]: {', '.join(read) or 'nothing'}.",
                         fix="Write each rule as a table [[channels]].")  # fmt: skip
    rules: list[dict[str, Any]] = read["channels"]
    return rules


def _rule_row(rule: Mapping[str, Any]) -> dict[str, str]:
    conditions = [f"{name} = {value}" for name, value in rule.items() if name != "channel"]
    return {"channel": rule["channel"], "when": " and ".join(conditions)}


@command.command("recording", help="Record sessions of SITE, of visitors who agreed, or stop.")
@click.argument("site")
@click.argument("state", type=click.Choice(["on", "off"]))
@click.option("--sample", type=int, metavar="PERCENT", help="Share of sessions, 0 to 100.")
@click.option("--keep", type=int, metavar="DAYS", help="Days recordings are kept.")
@pass_context
def recording(
    context: Context, site: str, state: str, sample: int | None, keep: int | None
) -> None:
    """Switch recording; what is not given stays as it was."""
    from serving.control.sites import set_recording

    with open_control(context) as conn:
        made = set_recording(conn, site, is_on=state == "on", sample_percent=sample, keep_days=keep)
    click.echo(made.site_id)
    if state == "on":
        context.say("pages record once they say headwater('consent', 'granted')")


@command.command("webhook", help="Set the secret VENDOR signs the webhooks of SITE with.")
@click.argument("site")
@click.argument("vendor", type=click.Choice(RULES.edge.webhooks.vendors))
@click.option("--secret", prompt=True, hide_input=True, help="Asked for when not given.")
@pass_context
def webhook(context: Context, site: str, vendor: str, secret: str) -> None:
    """Write the address to give to the vendor; an empty secret ends its webhooks."""
    from serving.control.sites import set_webhook_secret

    with open_control(context) as conn:
        set_webhook_secret(conn, site, vendor, secret.strip())
    click.echo(f"{context.environment['HEADWATER_EDGE_URL']}/webhooks/{vendor}/{site}")
    context.say("next: give this address to the vendor; the edge knows the secret in a second")


@command.command("list", help="List sites.")
@output_option
@pass_context
def list_all(context: Context, output: str) -> None:
    """Write one row per site."""
    from serving.control.sites import list_sites

    with open_control(context) as conn:
        sites = list_sites(conn)
    rows = [
        {
            "site_id": site.site_id,
            "name": site.name,
            "timezone": site.timezone,
            "allowed_hosts": " ".join(site.allowed_hosts) or "any",
            "retention": "keep" if site.retention_days is None else f"{site.retention_days} days",
            "recording": _recording(site.settings),
            "state": "paused" if site.settings.get("is_paused") is True else "active",
            "created_at": site.created_at.isoformat(timespec="seconds"),
        }
        for site in sites
    ]
    write_rows(rows, output, _COLUMNS)
    if not rows:
        context.say("next: headwater sites create my-site --timezone Europe/Berlin")
