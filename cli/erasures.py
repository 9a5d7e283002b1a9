"""headwater erasures: how far erasures are, with a receipt that dates each copy's end."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from cli.context import Context, pass_context
from cli.output import output_option, write_rows
from cli.rooms import open_control

if TYPE_CHECKING:
    from serving.control.erasures import Erasure

_COLUMNS: Final = ("erasure", "site", "visitors", "user", "state", "requested_at", "gone_at")


@click.group(help="Tell how far erasures are, and when each copy of a person is gone.")
def command() -> None:
    """Hold the verbs below."""


@command.command("list", help="List erasures, oldest first.")
@click.option("--site", help="Id of a site; all when not given.")
@output_option
@pass_context
def list_all(context: Context, site: str | None, output: str) -> None:
    """Write one row per erasure."""
    from serving.control.erasures import list_erasures

    with open_control(context) as conn:
        rows = [_row(each) for each in list_erasures(conn, site)]
    write_rows(rows, output, _COLUMNS)


@command.command("show", help="Write the receipt of an erasure: each copy and when it is gone.")
@click.argument("erasure", type=click.IntRange(min=1))
@output_option
@pass_context
def show(context: Context, erasure: int, output: str) -> None:
    """Write one row per copy."""
    from pipelines.lake.receipt import Stages, receipt
    from serving.control.erasures import get

    with open_control(context) as conn:
        found = get(conn, erasure)
    stages = Stages(found.requested_at, found.hidden_at, found.rewritten_at)
    now = datetime.now(UTC)
    rows = [
        {"copy": copy.what, "state": copy.state(now), "gone_at": _said(copy.gone_at), "by": copy.by}
        for copy in receipt(stages)
    ]
    write_rows(rows, output, ("copy", "state", "gone_at", "by"))
    context.say(f"erasure {erasure} of {found.site_id}: {found.state}")


def _row(found: "Erasure") -> dict[str, Any]:
    from pipelines.lake.receipt import Stages, ends_at

    stages = Stages(found.requested_at, found.hidden_at, found.rewritten_at)
    return {
        "erasure": found.erasure_id,
        "site": found.site_id,
        "visitors": " ".join(found.visitor_ids),
        "user": found.user_id,
        "state": found.state,
        "requested_at": _said(found.requested_at),
        "gone_at": _said(found.ended_at or ends_at(stages)),
    }


def _said(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")
