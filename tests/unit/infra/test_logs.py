"""Logs are capped in place, while their writer goes on."""

from dataclasses import replace
from pathlib import Path

import pytest

from infra.local import logs
from infra.local.home import Home
from infra.local.resources import RESOURCES, Logs


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(logs, "RESOURCES", replace(RESOURCES, logs=Logs(cap_mb=1)))
    made = Home(tmp_path)
    made.create()
    return made


def test_a_log_above_the_cap_is_moved_aside(home: Home) -> None:
    with home.log("kafka").open("ab", buffering=0) as writer:
        writer.write(b"x" * (2 << 20))
        logs.cap_logs(home)
        writer.write(b"still here\n")
    assert home.log("kafka").read_bytes() == b"still here\n"
    assert home.log("kafka").with_suffix(".log.1").stat().st_size == 2 << 20


def test_a_small_log_stays(home: Home) -> None:
    home.log("edge").write_text("a line\n")
    logs.cap_logs(home)
    assert home.log("edge").read_text() == "a line\n"


def test_the_last_line_is_the_last_that_says_something(home: Home) -> None:
    home.log("edge").write_text("first\nport is taken\n\n")
    assert logs.last_line(home.log("edge")) == "port is taken"


def test_a_log_that_does_not_exist_says_nothing(home: Home) -> None:
    assert logs.last_line(home.log("nobody")) == ""
