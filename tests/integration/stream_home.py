"""A home of Kafka, Flink and the lake, in which streams are hurt and then counted."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from infra.local.probes import read_json
from pipelines.catalog import SCHEMA_NAME, Catalog
from pipelines.flink_jobs.runner import JOB_NAMES
from pipelines.lake.tables import open_catalog
from tests.integration.stack import Stack

PATIENCE_S: Final = 600
COLLECT: Final = "collect_events"


@contextmanager
def running_streams(only: str, kept: str | None = None) -> Iterator[Stack]:
    """Start those components in a home of their own; end and remove it after.

    `kept`: the path of a home to use instead, which is left running.
    """
    home = Path(kept) if kept else Path(tempfile.mkdtemp(prefix="headwater-streams-"))
    running = Stack.at(home)
    try:
        running.up("--only", only)
        yield running
    finally:
        if not kept:
            running.headwater("down", check=False)
            shutil.rmtree(home, ignore_errors=True)


def kept_home(name: str) -> str | None:
    """Return the home that the environment names for such tests."""
    return os.environ.get(name)


def table_rows(stack: Stack, table: str, columns: tuple[str, ...], where: str) -> list[Any]:
    """Return rows of a table as it stands now, read without Trino; ("*",): every column."""
    with open_catalog(Catalog.from_env(stack.environment)) as lake:
        found = lake.load_table((SCHEMA_NAME, table))
        return found.scan(row_filter=where, selected_fields=columns).to_arrow().to_pylist()


def alive(stack: Stack) -> dict[str, Any]:
    """Return the jobs that run, with all their tasks running, by name."""
    listed = read_json(stack.url("flink") + "/jobs/overview") or {"jobs": []}
    return {
        job["name"]: job
        for job in listed["jobs"]
        if job["state"] == "RUNNING" and job["tasks"]["running"] == job["tasks"]["total"]
    }


def wait_until_it_runs(stack: Stack) -> None:
    """Wait for the one reader of topic `events`."""
    stack.wait_until("the job runs", lambda: COLLECT in alive(stack), PATIENCE_S)


def wait_until_all_run(stack: Stack) -> None:
    """Wait for every job."""
    stack.wait_until("the jobs run", lambda: alive(stack).keys() >= set(JOB_NAMES), PATIENCE_S)
