"""Ends runs whose process is gone: nobody else does, and a limit of one at a time waits for them.

Runs are children of the process that serves the definitions. One that was started before it is
the child of one that was killed, or whose machine lost its power.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

import dagster as dg
import psutil
from dagster._core.launcher import DefaultRunLauncher

_BEGAN: Final = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
_CANCELING: Final = dg.DagsterRunStatus.CANCELING
# What is handed over while the server starts is none of the one before it.
_SETTLES_AFTER: Final = timedelta(seconds=20)


def end_lost_runs(instance: dg.DagsterInstance, served_since: datetime, now: datetime) -> list[str]:
    """Mark as failed what began before the server did; return the ids.

    Other launchers (Kubernetes) give runs a life of their own and watch it themselves.
    """
    if now - served_since < _SETTLES_AFTER:
        return []
    if not isinstance(instance.run_launcher, DefaultRunLauncher):
        return []
    asked = dg.RunsFilter(statuses=[*_BEGAN, _CANCELING], updated_before=served_since)
    lost = list(instance.get_runs(asked))
    for run in lost:
        instance.report_run_failed(run, "Its process ended without a word; start it again.")
    return [run.run_id for run in lost]


def served_since() -> datetime:
    """Return when this process began."""
    return datetime.fromtimestamp(psutil.Process().create_time(), UTC)
