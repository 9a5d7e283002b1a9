"""When: requests at once, due days hourly, older ones nightly, care of the lake in between."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import dagster as dg

from orchestration.assets import GROUP
from orchestration.care import (
    compact_tables,
    forget_persons_job,
    forget_recordings_job,
    purge_runs,
)
from orchestration.exports import forget_exports, write_exports
from orchestration.lost_runs import end_lost_runs, served_since
from orchestration.opening import open_control
from orchestration.reports import send_reports
from serving.control import exports, restatements
from serving.reports.send import due_now

QUEUE_TAG: Final = "headwater/queue"
_OP: Final = "restate_days"
_RUNNING: Final = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

# One process a run: starting another for a step would cost more than the step.
restate_job = dg.define_asset_job(
    "restate", selection=dg.AssetSelection.groups(GROUP), executor_def=dg.in_process_executor
)


def _config(**ask: bool) -> dict[str, object]:
    return {"ops": {_OP: {"config": ask}}}


hourly = dg.ScheduleDefinition(
    name="restate_hourly",
    job=restate_job,
    cron_schedule="7 * * * *",
    run_config=_config(),
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
nightly = dg.ScheduleDefinition(
    name="restate_nightly",
    job=restate_job,
    cron_schedule="37 3 * * *",
    run_config=_config(is_nightly=True),
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
compaction = dg.ScheduleDefinition(
    name="compact_tables",
    job=compact_tables,
    # A commit every 2 s: up to 90 files more in between, and 90 snapshots.
    cron_schedule="*/3 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
purge = dg.ScheduleDefinition(
    name="purge_runs",
    job=purge_runs,
    cron_schedule="52 2 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
forgetting = dg.ScheduleDefinition(
    name="forget_recordings",
    job=forget_recordings_job,
    cron_schedule="22 4 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)

erasing = dg.ScheduleDefinition(
    name="forget_persons",
    job=forget_persons_job,
    # After the nightly restatement: a day that still counts somebody holds them back.
    cron_schedule="42 4 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)

forgetting_exports = dg.ScheduleDefinition(
    name="forget_exports",
    job=forget_exports,
    cron_schedule="12 4 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)


def _alive(
    context: dg.SensorEvaluationContext,
    job_name: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> dg.DagsterRun | None:
    """Return a run of a job, or with tags, that waits or runs: another one has to wait for it."""
    wanted = dg.RunsFilter(job_name=job_name, tags=tags, statuses=_RUNNING)
    return next(iter(context.instance.get_runs(wanted, limit=1)), None)


@dg.sensor(
    job=restate_job,
    minimum_interval_seconds=3,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def restatement_queue(
    context: dg.SensorEvaluationContext,
) -> dg.RunRequest | dg.SkipReason:
    """Start a run when somebody waits and no run takes the queue yet.

    A request that says `running` while no run is left was lost with its process: it fails.
    """
    with open_control() as control:
        waiting = restatements.open_requests(control)
        if not waiting:
            return dg.SkipReason("nobody waits")
        if alive := _alive(context, tags={QUEUE_TAG: "yes"}):
            return dg.SkipReason(f"run {alive.run_id} takes the queue")
        for request in waiting:
            if request.status == "running":
                reason = f"run {request.run_id} ended without a verdict; ask again"
                restatements.finish(control, request.restatement_id, reason)
    return dg.RunRequest(run_config=_config(is_queue=True), tags={QUEUE_TAG: "yes"})


@dg.sensor(
    job=send_reports,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def reports_due(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Start a run when a report is due and no run sends any; Postgres alone is asked."""
    with open_control() as control:
        waiting = due_now(control, datetime.now(UTC))
    if not waiting:
        return dg.SkipReason("no report is due")
    if alive := _alive(context, job_name=send_reports.name):
        return dg.SkipReason(f"run {alive.run_id} sends reports")
    return dg.RunRequest()


@dg.sensor(
    job=write_exports,
    minimum_interval_seconds=3,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def export_queue(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Start a run when a file is asked for and no run writes any.

    An export that says `running` while no run is left was lost with its process: it fails.
    """
    with open_control() as control:
        waiting = exports.open_exports(control)
        if not waiting:
            return dg.SkipReason("nobody waits")
        if alive := _alive(context, job_name=write_exports.name):
            return dg.SkipReason(f"run {alive.run_id} writes exports")
        for job in waiting:
            if job.status == "running":
                exports.fail(control, job.export_id, "its run ended without a verdict; ask again")
    return dg.RunRequest()


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def lost_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Mark as failed what was killed with the server before this one; it starts nothing."""
    lost = end_lost_runs(context.instance, served_since(), datetime.now(UTC))
    return dg.SkipReason(f"ended: {', '.join(lost)}" if lost else "no run was lost")
