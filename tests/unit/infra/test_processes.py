"""A process is known by pid and start time; what it leaves in its group is ended with it."""

import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from infra.local.processes import end_group, is_running, started_at

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
PARENT = [
    sys.executable,
    "-c",
    f"import subprocess, time; subprocess.Popen({SLEEPER!r}); print('up', flush=True); "
    "time.sleep(60)",
]


@pytest.fixture
def family() -> Iterator[subprocess.Popen[str]]:
    """Return a process with a child, in a group of its own, as components are started."""
    parent = subprocess.Popen(PARENT, start_new_session=True, stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        yield parent
        end_group(parent.pid, 0.0, grace_seconds=1)
        parent.kill()


def _start(process: subprocess.Popen[str]) -> float:
    began = started_at(process.pid)
    assert began is not None
    return began


def test_another_start_time_is_another_process(family: subprocess.Popen[str]) -> None:
    began = _start(family)
    assert is_running(family.pid, began)
    assert not is_running(family.pid, began - 60)


def test_a_stranger_with_the_same_number_is_left_alone(family: subprocess.Popen[str]) -> None:
    assert end_group(family.pid, _start(family) - 60) == 0
    assert family.poll() is None


def test_children_are_ended_with_their_parent(family: subprocess.Popen[str]) -> None:
    began = _start(family)
    assert end_group(family.pid, began, grace_seconds=2) == 2
    assert family.wait() != 0


def test_children_are_ended_when_the_parent_is_dead_already(family: subprocess.Popen[str]) -> None:
    began = _start(family)
    family.kill()
    family.wait()
    assert end_group(family.pid, began, grace_seconds=2) == 1


def test_a_child_that_hangs_in_a_group_of_its_own_is_ended_too() -> None:
    words = [*PARENT[:2], PARENT[2].replace("])", "], start_new_session=True)")]
    with subprocess.Popen(words, start_new_session=True, stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        it.stdout.readline()
        (child,) = psutil.Process(it.pid).children()
        child.suspend()
        assert end_group(it.pid, _start(it), grace_seconds=0.5) == 2
        assert is_running(child.pid, child.create_time()) is False


def test_nothing_recorded_is_nothing_to_end() -> None:
    assert end_group(None, None) == 0
