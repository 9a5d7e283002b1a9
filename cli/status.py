"""headwater status: what runs, where, and whether it is well."""

from dataclasses import asdict
from typing import Any

import click

from cli.context import Context, pass_context
from cli.errors import ChecksFailed
from cli.output import output_option, write_rows

_COLUMNS = ("component", "state", "pid", "seconds", "restarts", "url", "message")


@click.command(help="Show what runs, where, and whether it is well.")
@output_option
@pass_context
def command(context: Context, output: str) -> None:
    """List the components of the home; exit code 3 when one is not well or nothing runs."""
    from infra.local.home import Home
    from infra.local.running import current_status

    status = current_status(Home(context.home))
    if status is None:
        raise ChecksFailed(f"{context.home} was never started", fix="headwater up")
    rows: list[dict[str, Any]] = [
        {"component": name} | asdict(part) for name, part in status.components.items()
    ]
    write_rows(rows, output, _COLUMNS)
    if not status.is_well:
        raise ChecksFailed(f"{context.home} is not all well", fix="headwater up, headwater doctor")
