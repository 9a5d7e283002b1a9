"""A home starts, stops, remembers, and recovers when everything in it was killed."""

import signal
import subprocess
from contextlib import suppress

import psutil
import pytest

from infra.local.processes import is_running
from infra.local.status import State
from tests.integration.stack import HEADWATER, Stack

ENGINES = "postgres,kafka"


def _remember(home: Stack, value: str) -> None:
    with home.postgres() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS remembered (value text)")
        connection.execute("INSERT INTO remembered VALUES (%s)", [value])


def _remembered(home: Stack) -> list[str]:
    with home.postgres() as connection:
        return [row[0] for row in connection.execute("SELECT value FROM remembered ORDER BY 1")]


def test_down_and_up_keeps_state_and_ports(empty_home: Stack) -> None:
    empty_home.up("--only", "postgres")
    _remember(empty_home, "before")
    before = dict(empty_home.environment)
    empty_home.down()
    assert {part.state for part in empty_home.status().components.values()} == {State.STOPPED}
    empty_home.up("--only", "postgres")
    assert _remembered(empty_home) == ["before"]
    assert Stack.at(empty_home.home).environment == before


def test_up_recovers_after_everything_was_killed(empty_home: Stack) -> None:
    empty_home.up("--only", ENGINES)
    _remember(empty_home, "acknowledged")
    empty_home.kill_everything()
    assert empty_home.headwater("status", check=False).returncode == 3
    empty_home.up("--only", ENGINES)
    assert _remembered(empty_home) == ["acknowledged"]


def test_up_ends_what_a_killed_supervisor_left(empty_home: Stack) -> None:
    empty_home.up("--only", "postgres")
    left = empty_home.component("postgres")
    empty_home.kill_supervisor()
    assert is_running(left.pid, left.started_at)
    empty_home.up("--only", "postgres")
    assert not is_running(left.pid, left.started_at)


def test_down_ends_what_a_killed_supervisor_left(empty_home: Stack) -> None:
    empty_home.up("--only", "postgres")
    left = empty_home.component("postgres")
    empty_home.kill_supervisor()
    empty_home.down()
    assert not is_running(left.pid, left.started_at)


def test_a_killed_component_comes_back(empty_home: Stack) -> None:
    empty_home.up("--only", "postgres")
    _remember(empty_home, "kept")
    old = empty_home.kill("postgres")
    empty_home.wait_until(
        "postgres is back",
        lambda: (part := empty_home.component("postgres")).state is State.READY and part.pid != old,
    )
    assert _remembered(empty_home) == ["kept"]


def test_two_homes_run_beside_each_other(empty_home: Stack) -> None:
    other = Stack.at(empty_home.home.with_name("other"))
    try:
        empty_home.up("--only", "postgres")
        other.up("--only", "postgres")
        _remember(empty_home, "first")
        _remember(other, "second")
        assert (_remembered(empty_home), _remembered(other)) == (["first"], ["second"])
    finally:
        other.headwater("down", check=False)


def test_a_second_up_says_that_it_is_up(empty_home: Stack) -> None:
    empty_home.up("--only", "postgres")
    pid = empty_home.component("postgres").pid
    said = empty_home.headwater("up", "--detach", "--wait", "--only", "postgres").stderr
    assert "already up" in said
    assert empty_home.component("postgres").pid == pid


def test_ctrl_c_stops_everything(empty_home: Stack) -> None:
    command = [str(HEADWATER), "--home", str(empty_home.home), "up", "--only", "postgres"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as front:
        assert front.stderr is not None
        said = next(line for line in front.stderr if "all ready" in line)
        assert "next:" in said
        postgres = empty_home.component("postgres")
        front.send_signal(signal.SIGINT)
        front.stderr.read()
    assert front.returncode == 0
    assert not is_running(postgres.pid, postgres.started_at)


def test_an_unknown_component_is_a_usage_error(empty_home: Stack) -> None:
    done = empty_home.headwater("up", "--only", "postgress", check=False)
    assert done.returncode == 2
    assert "postgress" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.faults
def test_a_killed_jobmanager_comes_back_with_its_jobs(stack: Stack) -> None:
    from infra.local.job_watch import alive_jobs, job_names
    from infra.local.probes import read_json

    old = stack.kill("jobmanager", signal.SIGKILL)
    url = stack.url("flink") + "/jobs/overview"
    stack.wait_until(
        "the JobManager is back",
        lambda: (part := stack.component("jobmanager")).state is State.READY and part.pid != old,
        seconds=120,
    )
    stack.wait_until(
        "all jobs run again", lambda: alive_jobs(read_json(url)) == job_names(), seconds=180
    )


def test_nothing_listens_beyond_this_machine(stack: Stack) -> None:
    assert [place for process in stack.processes() for place in open_to_all(process)] == []


def open_to_all(process: psutil.Process) -> list[str]:
    """Return where the process listens for other machines; one that has ended listens nowhere."""
    with suppress(psutil.NoSuchProcess):
        command = " ".join(process.cmdline())[-60:]
        return [
            f"{command} {connection.laddr.ip}:{connection.laddr.port}"
            for connection in process.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
            and connection.laddr.ip not in ("127.0.0.1", "::ffff:127.0.0.1")
        ]
    return []
