"""headwater jobs against a Flink REST interface that answers from a script."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from cli import jobs
from cli.config import Config
from cli.context import Context
from cli.main import main

OVERVIEW = {
    "jobs": [
        {
            "jid": "b2",
            "name": "sessionize_events",
            "state": "RUNNING",
            "start-time": 2,
            "duration": 61_000,
            "tasks": {"running": 4, "total": 4},
        },
        {
            "jid": "a1",
            "name": "collect_events",
            "state": "RESTARTING",
            "start-time": 1,
            "duration": 62_000,
            "tasks": {"running": 0, "total": 6},
        },
        {
            "jid": "a0",
            "name": "collect_events",
            "state": "FAILED",
            "start-time": 0,
            "duration": 5_000,
            "tasks": {},
        },
    ]
}
NOW_MS = 1_700_000_000_000
CHECKPOINTS = {
    "counts": {"completed": 30},
    "latest": {"completed": {"latest_ack_timestamp": NOW_MS - 7_000, "end_to_end_duration": 250}},
}
# What Flink answers of job b2, by the end of the path; of a1 nothing is known yet.
PENDING = "Source__unique_events.pendingRecords"
ANSWERS: dict[str, Any] = {
    "/jobs/b2": {"vertices": [{"id": "v1"}, {"id": "v2"}]},
    "/jobs/b2/vertices/v1/subtasks/metrics": [{"id": PENDING}, {"id": "numRecordsIn"}],
    f"/jobs/b2/vertices/v1/subtasks/metrics?get={PENDING}&agg=sum": [{"id": PENDING, "sum": 42.0}],
    "/jobs/b2/vertices/v2/subtasks/metrics": [{"id": "numRecordsIn"}],
    "/jobs/b2/vertices/v1/watermarks": [{"id": "0.w", "value": "-9223372036854775808"}],
    "/jobs/b2/vertices/v2/watermarks": [{"id": "0.w", "value": str(NOW_MS - 21_000)}],
    "/jobs/b2/metrics?get=numRestarts": [{"id": "numRestarts", "value": "3"}],
    "/jobs/b2/checkpoints": CHECKPOINTS,
    "/jobs/a1/metrics?get=numRestarts": [],
}


class FakeFlink(HTTPServer):
    """Knows three jobs, one of which has ended; cancels what it is told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.cancelled: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: FakeFlink

    def do_GET(self) -> None:
        if self.path == "/jobs/overview":
            running = [j for j in OVERVIEW["jobs"] if j["jid"] not in self.server.cancelled]
            self._answer({"jobs": running})
        elif self.path in ANSWERS:
            self._answer(ANSWERS[self.path])
        else:
            job_id = self.path.rsplit("/", 1)[-1]
            self._answer({"state": "CANCELED" if job_id in self.server.cancelled else "RUNNING"})

    def do_PATCH(self) -> None:
        self.server.cancelled.append(self.path.split("/")[2].split("?")[0])
        self._answer({})

    def _answer(self, content: Any) -> None:
        text = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        return


@pytest.fixture
def flink(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeFlink]:
    server = FakeFlink()
    Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.01}).start()
    settings = {"HEADWATER_FLINK_URL": f"http://127.0.0.1:{server.server_port}"}
    monkeypatch.setattr(Context, "environment", settings)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(tmp_path, is_color_wanted=False)


def test_lists_running_jobs_by_name_with_their_checkpoints(
    flink: FakeFlink,
    config: Config,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cli.job_health.time.time", lambda: NOW_MS / 1000)
    assert main(["jobs", "list", "--output", "json"], config) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == ["collect_events", "sessionize_events"]
    assert rows[1] == {
        "name": "sessionize_events",
        "state": "RUNNING",
        "job_id": "b2",
        "running_s": 61,
        "tasks": "4/4",
        "lag_records": 42,
        "watermark_delay_s": 21,
        "checkpoints": 30,
        "checkpoint_age_s": 7,
        "checkpoint_s": 0.25,
        "failed_checkpoints": 0,
        "restarts": 3,
        "degraded": "",
    }
    unknown = ("lag_records", "watermark_delay_s", "checkpoint_age_s", "restarts")
    assert [rows[0][name] for name in unknown] == [None] * 4


def test_lists_ended_jobs_when_asked(
    flink: FakeFlink, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["jobs", "list", "--all", "--output", "csv"], config) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_restart_stops_the_job_named_and_launches_what_is_missing(
    flink: FakeFlink, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    launched_after: list[list[str]] = []
    monkeypatch.setattr(jobs, "_launch", lambda _: launched_after.append(list(flink.cancelled)))
    assert main(["jobs", "restart", "collect_events"], config) == 0
    assert launched_after == [["a1"]]


def test_restart_of_an_unknown_job_stops_nothing(
    flink: FakeFlink, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["jobs", "restart", "colect_events"], config) == 1
    told = capsys.readouterr().err
    assert "No job named colect_events runs." in told
    assert "collect_events, sessionize_events" in told
    assert flink.cancelled == []


def test_flink_away_is_said_with_what_to_do(
    config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Context, "environment", {"HEADWATER_FLINK_URL": "http://127.0.0.1:9"})
    assert main(["jobs", "list"], config) == 1
    assert "headwater up" in capsys.readouterr().err
