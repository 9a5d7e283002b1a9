"""Whatever dies, every acknowledged event counts exactly once and sessions are what they were.

HEADWATER_FAULTS_FULL=1: 500 events/s, two minutes around every fault.
"""

import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from pipelines.flink_jobs import launches
from pipelines.flink_jobs.restore import Launch
from tests.integration.ledger import Load
from tests.integration.ledger_checks import (
    assert_exactly_once,
    assert_sessions,
    failures,
    poison_records,
    put_raw,
    set_aside,
)
from tests.integration.stack import Stack
from tests.integration.stream_home import (
    COLLECT,
    PATIENCE_S,
    alive,
    wait_until_all_run,
    wait_until_it_runs,
)

FULL: Final = os.environ.get("HEADWATER_FAULTS_FULL") == "1"
RATE: Final = 500 if FULL else 100
BEFORE_AND_AFTER: Final = RATE * (60 if FULL else 8)  # events on either side of a fault

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


def checkpoints_of(stack: Stack) -> Path:
    return Path(urlsplit(stack.environment["HEADWATER_CHECKPOINTS"]).path)


def newest_launch(stack: Stack) -> Launch:
    return launches.read(stack.home, COLLECT)[-1]


def new_launch_after(stack: Stack, before: Launch) -> Launch:
    """Wait until the launcher has started the job again and it runs."""

    def again() -> Launch | None:
        launch = newest_launch(stack)
        job = alive(stack).get(COLLECT)
        return launch if launch.job_id != before.job_id and job else None

    return stack.wait_until("collect_events was started again", again, PATIENCE_S)


def load_around(stack: Stack, name: str, fault: Callable[[], None]) -> Load:
    """Load a fresh site, let the fault happen in the middle, and go on."""
    wait_until_it_runs(stack)
    site = stack.make_site(f"{name}-{secrets.token_hex(4)}")
    with Load(stack, site, RATE) as load:
        load.wait_for(BEFORE_AND_AFTER)
        fault()
        load.wait_for(BEFORE_AND_AFTER)
    return load


def test_taskmanager_killed(stack: Stack) -> None:
    wait_until_it_runs(stack)
    before = newest_launch(stack)
    load = load_around(stack, "kill-taskmanager", lambda: _kill(stack, "taskmanager"))
    assert_exactly_once(stack, load, 2 * BEFORE_AND_AFTER)
    assert_sessions(stack, load)
    assert newest_launch(stack).job_id == before.job_id  # the job went on by itself
    wait_until_all_run(stack)


@pytest.mark.faults_only
def test_jobmanager_killed(stack: Stack) -> None:
    wait_until_it_runs(stack)
    before = newest_launch(stack)
    load = load_around(stack, "kill-jobmanager", lambda: _kill(stack, "jobmanager"))
    after = new_launch_after(stack, before)
    assert_exactly_once(stack, load, 2 * BEFORE_AND_AFTER)
    assert_sessions(stack, load)
    assert after.restored is not None
    assert after.restored.job_id == before.job_id
    assert after.start.run_id == before.start.run_id


@pytest.mark.faults_only
def test_checkpoints_deleted(stack: Stack) -> None:
    wait_until_it_runs(stack)
    before = newest_launch(stack)

    def lose_state() -> None:
        _kill(stack, "jobmanager")
        shutil.rmtree(checkpoints_of(stack) / before.job_id)

    load = load_around(stack, "no-checkpoints", lose_state)
    after = new_launch_after(stack, before)
    assert_exactly_once(stack, load, 2 * BEFORE_AND_AFTER)
    assert_sessions(stack, load)
    assert after.restored is None
    assert after.start.run_id > before.start.run_id
    assert after.start.marks["events"]


@pytest.mark.faults_only
def test_older_checkpoint_offered(stack: Stack, tmp_path: Path) -> None:
    wait_until_it_runs(stack)
    before = newest_launch(stack)
    folder = checkpoints_of(stack) / before.job_id
    kept = tmp_path / "kept"

    def keep_one() -> None:
        older = stack.wait_until("a checkpoint", lambda: _completed(folder), 60)[0]
        shutil.copytree(older, kept / older.name)

    def offer_the_older() -> None:
        _kill(stack, "jobmanager")
        for newer in _completed(folder):
            shutil.rmtree(newer)
        shutil.copytree(kept, folder, dirs_exist_ok=True)

    keep_one()
    load = load_around(stack, "older-checkpoint", offer_the_older)
    after = new_launch_after(stack, before)
    assert_exactly_once(stack, load, 2 * BEFORE_AND_AFTER)
    assert_sessions(stack, load)
    assert after.restored is None


@pytest.mark.faults_only
def test_everything_killed_at_once(stack: Stack) -> None:
    def end_and_begin() -> None:
        stack.kill_everything()
        stack.up()

    load = load_around(stack, "kill-everything", end_and_begin)
    assert_exactly_once(stack, load, 2 * BEFORE_AND_AFTER)
    assert_sessions(stack, load)


def test_poison_while_it_runs(stack: Stack) -> None:
    """What nobody can read is set aside; the job goes on without a restart."""
    wait_until_it_runs(stack)
    before, token = failures(stack), f"poison-{secrets.token_hex(8)}"
    poison = poison_records(token)
    load = load_around(stack, "poison", lambda: put_raw(stack, poison))
    assert_exactly_once(stack, load, 2 * BEFORE_AND_AFTER)
    wait_until_it_runs(stack)
    assert failures(stack) == before
    stack.wait_until("all of it is set aside", lambda: set_aside(stack, token) == len(poison), 60)


def _kill(stack: Stack, component: str) -> None:
    stack.kill(component)


def _completed(folder: Path) -> list[Path]:
    found = [path.parent for path in folder.glob("chk-*/_metadata")]
    return sorted(found, key=lambda path: int(path.name.removeprefix("chk-")))
