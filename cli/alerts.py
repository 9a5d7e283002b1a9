"""Read what alerts are about: from Flink of each job, from Trino of the tables."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cli.context import Context
from cli.errors import CliError
from cli.rooms import ask_trino, open_control, sql_of

if TYPE_CHECKING:
    from pipelines.flink_jobs.alerts import Firing, Reading

_LIMITED: Final = {"checkpoint-failures": "failed_checkpoints", "lag": "lag_records"}


def of_jobs(rows: list[dict[str, Any]]) -> "list[Firing]":
    """Return what fires for jobs, given their rows of `jobs list`."""
    from pipelines.flink_jobs.alerts import firing

    return firing(reading for row in rows for reading in _of_job(row))


def _of_job(row: Mapping[str, Any]) -> "Iterator[Reading]":
    from pipelines.flink_jobs.alerts import Reading

    yield Reading("job-does-not-start", row["name"], int(row["state"] != "RUNNING"))
    # A job that never completed one is as old as its start.
    age = row["checkpoint_age_s"]
    yield Reading("commit-age", row["name"], row["running_s"] if age is None else age)
    for alert, column in _LIMITED.items():
        yield Reading(alert, row["name"], row[column])


def missing(names: set[str]) -> "list[Firing]":
    """Return what fires for jobs of this checkout that Flink does not know."""
    from pipelines.flink_jobs.alerts import Reading, firing
    from pipelines.flink_jobs.runner import JOB_NAMES

    return firing(Reading("job-does-not-start", name, 1) for name in JOB_NAMES if name not in names)


def of_edge(is_ready: bool) -> "list[Firing]":
    """Return what fires for the edge."""
    from pipelines.flink_jobs.alerts import Reading, firing

    return firing([Reading("edge-not-ready", "edge", int(not is_ready))])


def of_tables(context: Context) -> "list[Firing]":
    """Return what fires for tables; nothing where their times are not those of a clock.

    CliError if Trino does not answer.
    """
    from pipelines.flink_jobs.alerts import Reading, firing, late_share
    from schemas.load import RULES

    if context.environment["HEADWATER_CLOCK"] != "wall":
        return []
    window = RULES.alerts.window_minutes
    parameters = [window, window, RULES.delivery.max_age_hours]
    (row,) = ask_trino(context, sql_of("alerts"), parameters).as_dicts()
    return firing(
        [
            Reading("dead-letters", "dead_letters", row["dead_letters"]),
            Reading("late-share", "events", late_share(row["late_events"], row["events"])),
            Reading("day-does-not-close", "stream_progress", row["behind_s"]),
            *_of_quality(context),
        ]
    )


def of_reports(context: Context) -> "list[Firing]":
    """Return what fires for reports by e-mail: an alert for each schedule.

    CliError if the control plane does not answer.
    """
    from pipelines.flink_jobs.alerts import Reading, firing
    from serving.control.reports import unsent

    with open_control(context) as conn:
        missing = Counter(one.schedule_id for one in unsent(conn, datetime.now(UTC)))
    return firing(Reading("report-not-sent", name, count) for name, count in missing.items())


def _of_quality(context: Context) -> "Iterator[Reading]":
    """Return how much was found in the events of each site's last days, by `headwater quality`."""
    from pipelines.flink_jobs.alerts import Reading
    from schemas.load import RULES

    parameters = [RULES.alerts.quality_days]
    for row in ask_trino(context, sql_of("quality_alerts"), parameters).as_dicts():
        yield Reading("data-quality", row["site_id"], row["findings"])


def tell(context: Context, found: "list[Firing]") -> None:
    """Say what fires and where to read what to do."""
    for one in found:
        context.say(f"degraded: {one.alert} of {one.of}: {one.reason}; see {one.runbook}")


def try_tables(context: Context) -> "list[Firing]":
    """Return what fires for tables, or say that nobody can tell."""
    try:
        return of_tables(context)
    except CliError as error:
        context.say(f"dead letters and late events are not known: {error.what}")
        return []
