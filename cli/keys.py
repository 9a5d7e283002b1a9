"""headwater keys: make, list and revoke the keys that send and read."""

from datetime import UTC, datetime, timedelta

import click

from cli.context import Context, pass_context
from cli.output import output_option, write_rows
from cli.rooms import open_control

_COLUMNS = ("key_id", "site_id", "kind", "name", "prefix", "state", "created_at", "last_used_at")
_NEXT = {
    "pub": 'put <script async src="{edge}/s.js?k={key}"></script> into the pages of the site',
    "sec": "headwater import access-log FILE --site {site} --key {key}",
    "api": "curl -H 'Authorization: Bearer {key}' {serving}/api/v1/query ...",
}


@click.group(help="Create, list and revoke keys.")
def command() -> None:
    """Hold the verbs below."""


@command.command("create", help="Make a key for a site. It is shown this once only.")
@click.option("--site", required=True, help="Id of the site.")
@click.option(
    "--kind",
    type=click.Choice(["pub", "sec", "api"]),
    required=True,
    help="pub: browsers send; sec: servers and importers send; api: reads.",
)
@click.option("--name", default="", help="What it is for.")
@click.option("--host", "hosts", multiple=True, help="Host that may use it; repeat.")
@click.option("--expires-days", type=click.IntRange(min=1), help="Days until it stops working.")
@click.option(
    "--requests-per-minute",
    type=click.IntRange(min=1),
    help="Requests the edge takes from it; default: the limit of its kind.",
)
@pass_context
def create(
    context: Context,
    site: str,
    kind: str,
    name: str,
    hosts: tuple[str, ...],
    expires_days: int | None,
    requests_per_minute: int | None,
) -> None:
    """Write the key to stdout, alone, so that it can be put into a variable."""
    from serving.control.keys import create_key

    expires_at = datetime.now(UTC) + timedelta(days=expires_days) if expires_days else None
    with open_control(context) as conn:
        key = create_key(
            conn,
            site,
            kind,
            name,
            allowed_hosts=hosts,
            expires_at=expires_at,
            requests_per_minute=requests_per_minute,
        )
    click.echo(key)
    env = context.environment
    next_step = _NEXT[kind].format(
        key=key,
        site=site,
        edge=env["HEADWATER_EDGE_URL"],
        serving=env["HEADWATER_SERVING_URL"],
    )
    context.say(f"shown this once, keep it; next: {next_step}")


@command.command("list", help="List keys; the key itself is never shown again.")
@click.option("--site", help="Only the keys of this site.")
@output_option
@pass_context
def list_all(context: Context, site: str | None, output: str) -> None:
    """Write one row per key, revoked ones included."""
    from serving.control.keys import list_keys

    with open_control(context) as conn:
        keys = list_keys(conn, site)
    rows = [
        {
            "key_id": key.key_id,
            "site_id": key.site_id,
            "kind": key.kind,
            "name": key.name,
            "prefix": key.prefix,
            "state": _state(key.revoked_at, key.expires_at),
            "created_at": _seconds(key.created_at),
            "last_used_at": _seconds(key.last_used_at),
        }
        for key in keys
    ]
    write_rows(rows, output, _COLUMNS)


@command.command("revoke", help="Stop a key from working: KEY is its key_id or its prefix.")
@click.argument("key")
@pass_context
def revoke(context: Context, key: str) -> None:
    """Revoke; a second time is no error."""
    from serving.control.keys import revoke_key

    with open_control(context) as conn:
        revoked = revoke_key(conn, key)
    click.echo(revoked.key_id)
    context.say(f"{revoked.prefix}... of site {revoked.site_id} works no more within a minute")


def _state(revoked_at: datetime | None, expires_at: datetime | None) -> str:
    if revoked_at is not None:
        return "revoked"
    return "expired" if expires_at is not None and expires_at < datetime.now(UTC) else "active"


def _seconds(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None
