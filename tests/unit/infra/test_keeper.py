"""A keeper starts, restarts and ends one component; tasks run until they succeed."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from infra.local import keeper
from infra.local.component import Component, Kind, Launch
from infra.local.home import Home
from infra.local.keeper import Keeper
from infra.local.status import ComponentStatus, State

FOREVER = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "_BACKOFF_SECONDS", (0.01,))
    monkeypatch.setattr(keeper, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(keeper, "_REST_SECONDS", 0.1)


def _process(command: list[str]) -> Component:
    return Component("it", Kind.PROCESS, (), lambda: Launch(command), stop_seconds=2)


def _task(command: list[str]) -> Component:
    return replace(_process(command), kind=Kind.TASK)


def _watch(
    tmp_path: Path, component: Component, until: Callable[[Keeper, list[State]], bool]
) -> list[State]:
    """Keep a component until something is true of it; return the states it went through."""

    async def run() -> list[State]:
        home = Home(tmp_path)
        home.create()
        states: list[State] = []
        status = ComponentStatus(component.kind)
        ready = {"it": asyncio.Event()}
        one = Keeper(component, home, status, ready, lambda name: states.append(status.state))
        keeping = asyncio.create_task(one.keep())
        async with asyncio.timeout(10):
            while not until(one, states):
                await asyncio.sleep(0.005)
        await one.stop(keeping)
        return [s for i, s in enumerate(states) if i == 0 or s is not states[i - 1]]

    return asyncio.run(run())


def test_a_process_is_ready_when_its_check_says_so(tmp_path: Path) -> None:
    answers = iter([False, False, True])
    component = replace(_process(FOREVER), is_ready=lambda: next(answers, True))
    states = _watch(tmp_path, component, lambda one, _: one.ready.is_set())
    assert states == [State.STARTING, State.READY, State.STOPPING, State.STOPPED]


def test_a_process_that_ends_is_started_again(tmp_path: Path) -> None:
    component = replace(_process([sys.executable, "-S", "-c", "1/0"]), is_ready=lambda: False)
    states = _watch(tmp_path, component, lambda one, _: one.status.restarts >= 2)
    assert states[:4] == [State.STARTING, State.RESTARTING, State.STARTING, State.RESTARTING]


def test_why_it_ended_is_the_last_line_of_its_log(tmp_path: Path) -> None:
    said: list[str] = []

    def has_failed(one: Keeper, states: list[State]) -> bool:
        said.append(one.status.message)
        return one.status.restarts > 0

    component = replace(_process([sys.executable, "-S", "-c", "1/0"]), is_ready=lambda: False)
    _watch(tmp_path, component, has_failed)
    assert said[-1] == "ended with exit code 1: ZeroDivisionError: division by zero"


def test_a_process_that_hangs_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "_HEALTH_SECONDS", 0.01)
    component = replace(_process(FOREVER), is_alive=lambda: False)
    states = _watch(tmp_path, component, lambda one, _: one.status.restarts > 0)
    assert states[:3] == [State.STARTING, State.READY, State.RESTARTING]


def test_a_process_that_is_not_ready_any_more_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "_HEALTH_SECONDS", 0.001)
    answers = iter([True])
    looks = count()
    component = replace(
        _process(FOREVER),
        is_ready=lambda: next(answers, False),
        is_alive=lambda: next(looks) >= 0,
    )
    states = _watch(tmp_path, component, lambda one, _: next(looks) > 40)
    assert State.RESTARTING not in states


def test_the_pause_grows_to_half_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    pauses = [keeper.backoff(failures) for failures in range(10)]
    assert pauses[0] == pauses[1] < 1
    assert pauses == sorted(pauses)
    assert pauses[-1] == 30


def test_a_long_life_is_followed_by_a_short_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "_WELL_AFTER_SECONDS", 0.0)
    monkeypatch.setattr(keeper, "_BACKOFF_SECONDS", (0.01, 60.0))
    component = replace(_process([sys.executable, "-S", "-c", "1/0"]), is_ready=lambda: False)
    states = _watch(tmp_path, component, lambda one, _: one.status.restarts >= 3)
    assert states.count(State.RESTARTING) >= 3


def test_a_program_that_is_missing_is_a_message(tmp_path: Path) -> None:
    states = _watch(
        tmp_path, _process(["/nowhere/to/be/found"]), lambda one, _: one.status.restarts > 0
    )
    assert states[:2] == [State.STARTING, State.RESTARTING]


def test_a_task_is_done_once(tmp_path: Path) -> None:
    states = _watch(tmp_path, _task(["true"]), lambda one, _: one.ready.is_set())
    assert states == [State.STARTING, State.DONE, State.STOPPED]


def test_a_task_that_is_done_has_no_process(tmp_path: Path) -> None:
    seen: list[int | None] = []

    def is_done(one: Keeper, states: list[State]) -> bool:
        seen.append(one.status.pid)
        return one.ready.is_set()

    _watch(tmp_path, _task(["true"]), is_done)
    assert seen[-1] is None


def test_a_task_that_fails_is_tried_again(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    script = f"test -e {flag} || {{ touch {flag}; exit 3; }}"
    states = _watch(tmp_path, _task(["sh", "-c", script]), lambda one, _: one.ready.is_set())
    assert states == [State.STARTING, State.FAILED, State.STARTING, State.DONE, State.STOPPED]


def test_a_done_task_runs_again_when_asked(tmp_path: Path) -> None:
    asked: list[bool] = []

    def until(one: Keeper, states: list[State]) -> bool:
        if one.ready.is_set() and not asked:
            asked.append(True)
            one.run_again()
        return states.count(State.DONE) == 2

    assert _watch(tmp_path, _task(["true"]), until).count(State.DONE) == 2


def test_a_stubborn_process_is_ended_by_force(tmp_path: Path) -> None:
    script = "trap '' TERM; echo up; while :; do sleep 0.1; done"
    component = replace(_process(["sh", "-c", script]), stop_seconds=0.1)
    states = _watch(tmp_path, component, lambda one, _: one.ready.is_set())
    assert states[-1] is State.STOPPED
