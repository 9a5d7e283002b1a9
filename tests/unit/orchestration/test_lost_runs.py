"""A run whose process was killed with its server blocks nobody for good."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import dagster as dg
import pytest

from orchestration.care import purge_runs
from orchestration.lost_runs import end_lost_runs, served_since

STARTED: Final = dg.DagsterRunStatus.STARTED
SOON: Final = timedelta(seconds=5)  # SQLite tells whole seconds
LONG: Final = timedelta(minutes=1)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


def status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def test_what_began_before_the_server_has_failed(instance: dg.DagsterInstance) -> None:
    before = instance.create_run_for_job(purge_runs, status=STARTED).run_id
    done = instance.create_run_for_job(purge_runs, status=dg.DagsterRunStatus.SUCCESS).run_id
    born = datetime.now(UTC) + SOON
    assert end_lost_runs(instance, born, born + LONG) == [before]
    assert status(instance, before) is dg.DagsterRunStatus.FAILURE
    assert status(instance, done) is dg.DagsterRunStatus.SUCCESS
    assert end_lost_runs(instance, born, born + LONG) == []


def test_what_began_after_it_goes_on(instance: dg.DagsterInstance) -> None:
    run = instance.create_run_for_job(purge_runs, status=STARTED).run_id
    born = datetime.now(UTC) - SOON
    assert end_lost_runs(instance, born, born + LONG) == []
    assert status(instance, run) is STARTED


def test_what_a_starting_server_is_handed_is_left_alone(instance: dg.DagsterInstance) -> None:
    run = instance.create_run_for_job(purge_runs, status=STARTED).run_id
    born = datetime.now(UTC) + SOON
    assert end_lost_runs(instance, born, born + timedelta(seconds=1)) == []
    assert status(instance, run) is STARTED


def test_this_process_knows_when_it_began() -> None:
    assert timedelta() < datetime.now(UTC) - served_since() < timedelta(days=1)
