"""headwater jobs: see the Flink jobs, start one again, deploy another version."""

import subprocess
import sys
from typing import Any

import click

from cli.alerts import of_jobs, tell
from cli.context import Context, pass_context
from cli.errors import CliError
from cli.flink import ask
from cli.job_health import health
from cli.jobs_deploy import deploy
from cli.output import output_option, write_rows
from cli.waiting import wait_for

_COLUMNS = (
    "name", "state", "job_id", "running_s", "tasks", "lag_records", "watermark_delay_s",
    "checkpoints", "checkpoint_age_s", "checkpoint_s", "failed_checkpoints", "restarts",
    "degraded",
)  # fmt: skip
_ENDED = frozenset({"CANCELED", "FAILED", "FINISHED"})


@click.group(help="List the Flink jobs, start one again, deploy another version.")
def command() -> None:
    """Hold the verbs below."""


command.add_command(deploy)


@command.command("list", help="List jobs: state, lag, watermark, checkpoints, restarts.")
@click.option("--all", "is_all_wanted", is_flag=True, help="Ended jobs too.")
@output_option
@pass_context
def list_all(context: Context, is_all_wanted: bool, output: str) -> None:
    """Write one row per job."""
    jobs = [job for job in _jobs(context) if is_all_wanted or job["state"] not in _ENDED]
    rows = [_row(context, job) for job in jobs]
    found = of_jobs([row for row in rows if row["state"] not in _ENDED])
    for row in rows:
        row["degraded"] = ", ".join(one.alert for one in found if one.of == row["name"])
    write_rows(rows, output, _COLUMNS)
    tell(context, found)
    if not jobs:
        context.say("no job runs; next: headwater jobs restart")


@command.command("restart", help="Stop jobs and start them from where their tables stand.")
@click.argument("names", nargs=-1)
@click.option(
    "--accept-loss",
    "is_loss_accepted",
    is_flag=True,
    help="Go on although a topic lost records that were never read; the gap is recorded.",
)
@pass_context
def restart(context: Context, names: tuple[str, ...], is_loss_accepted: bool) -> None:
    """Cancel the jobs named (all when none is), then let the launcher start what is missing."""
    running = {job["name"]: job for job in _jobs(context) if job["state"] not in _ENDED}
    if unknown := set(names) - set(running):
        raise CliError(
            f"No job named {', '.join(sorted(unknown))} runs.",
            where=context.environment["HEADWATER_FLINK_URL"],
            fix=f"Jobs that run: {', '.join(sorted(running)) or 'none'}.",
        )
    for name in names or running:
        _cancel(context, running[name])
        context.say(f"{name}: stopped")
    _launch(context, *(["--accept-loss"] if is_loss_accepted else []))
    for job in _jobs(context):
        if job["state"] not in _ENDED:
            click.echo(f"{job['name']} {job['jid']}")


def job_rows(context: Context) -> list[dict[str, Any]]:
    """Return a row of `jobs list` for each job that has not ended."""
    return [_row(context, job) for job in _jobs(context) if job["state"] not in _ENDED]


def _cancel(context: Context, job: dict[str, Any]) -> None:
    job_id = job["jid"]
    ask(context, f"/jobs/{job_id}?mode=cancel", "PATCH")

    def ended() -> bool | None:
        return ask(context, f"/jobs/{job_id}")["state"] in _ENDED or None

    wait_for(
        ended,
        what=f"job {job['name']} to stop",
        fix="See Flink's page.",
        timeout_seconds=60,
    )


def _launch(context: Context, *options: str) -> None:
    from infra.local.config import load_config

    done = subprocess.run(
        [sys.executable, "-m", "pipelines.flink_jobs.launch", *options],
        env={**load_config().inherited, **context.environment},
        cwd=context.environment.get("HEADWATER_CHECKOUT"),
        stdout=sys.stderr,
        check=False,
    )
    if done.returncode:
        raise CliError(
            "The launcher could not start the jobs.",
            where="the lines above",
            fix="See `headwater status` and the log of the component `jobs`.",
        )


def _row(context: Context, job: dict[str, Any]) -> dict[str, Any]:
    tasks = job.get("tasks", {})
    return {
        "name": job["name"],
        "state": job["state"],
        "job_id": job["jid"],
        "running_s": job["duration"] // 1000,
        "tasks": f"{tasks.get('running', 0)}/{tasks.get('total', 0)}",
        **health(context, job["jid"]),
    }


def _jobs(context: Context) -> list[dict[str, Any]]:
    jobs: list[dict[str, Any]] = ask(context, "/jobs/overview")["jobs"]
    return sorted(jobs, key=lambda job: (job["name"], job["start-time"]))
