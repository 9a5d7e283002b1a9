"""headwater status: what runs, where, and whether it is well."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from cli.context import Context, pass_context
from cli.errors import ChecksFailed
from cli.output import output_option, write_rows

if TYPE_CHECKING:
    from infra.local.status import Status
    from pipelines.flink_jobs.alerts import Firing

_COLUMNS = ("component", "state", "pid", "seconds", "restarts", "url", "message")


@click.command(help="Show what runs, where, and whether it is well.")
@output_option
@pass_context
def command(context: Context, output: str) -> None:
    """List the components of the home and the alerts that fire; exit code 3 unless all is well."""
    from infra.local.home import Home
    from infra.local.running import current_status

    status = current_status(Home(context.home))
    if status is None:
        raise ChecksFailed(f"{context.home} was never started", fix="headwater up")
    rows: list[dict[str, Any]] = [
        {"component": name} | asdict(part) for name, part in status.components.items()
    ]
    alerts = _alerts(context, status)
    rows += [
        {"component": one.of, "state": "degraded", "message": f"{one.alert}: {one.reason}"}
        for one in alerts
    ]
    write_rows(rows, output, _COLUMNS)
    if not status.is_well:
        raise ChecksFailed(f"{context.home} is not all well", fix="headwater up, headwater doctor")
    if alerts:
        runbooks = dict.fromkeys(one.runbook for one in alerts)
        raise ChecksFailed(f"{context.home} is degraded", fix=f"read {', '.join(runbooks)}")


def _alerts(context: Context, status: "Status") -> "list[Firing]":
    """Return the alerts that fire, of those components that are ready to be asked."""
    from cli.alerts import missing, of_edge, of_jobs, of_reports, try_tables
    from cli.jobs import job_rows
    from infra.local.status import WELL

    ready = {name for name, part in status.components.items() if part.state in WELL}
    found = of_edge("edge" in ready) if "edge" in status.components else []
    if {"jobs", "jobmanager", "taskmanager"} <= ready:
        rows = job_rows(context)
        found += of_jobs(rows) + missing({row["name"] for row in rows})
    if {"jobs", "trino", "views"} <= ready:
        found += try_tables(context)
    if {"postgres", "control"} <= ready:
        found += of_reports(context)
    return found
