"""Which jobs Flink still has, and when the launcher looks again."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from infra.local import job_watch
from infra.local.home import Home
from infra.local.job_watch import alive_jobs, job_names, watch_jobs


def test_jobs_that_restart_by_themselves_are_alive() -> None:
    jobs = [
        {"name": "collect_events", "state": "RUNNING"},
        {"name": "sessionize_events", "state": "RESTARTING"},
        {"name": "detect_friction", "state": "CANCELED"},
        {"name": "map_clicks", "state": "FAILED"},
    ]
    assert alive_jobs({"jobs": jobs}) == {"collect_events", "sessionize_events"}


def test_no_answer_is_not_no_job() -> None:
    assert alive_jobs(None) is None


def test_a_job_is_named_after_its_folder() -> None:
    assert "collect_events" in job_names()


class Watched:
    """A component that is well; counts how often it was to run again."""

    def __init__(self) -> None:
        self.ready = asyncio.Event()
        self.ready.set()
        self.count = 0

    def run_again(self) -> None:
        self.count += 1


@pytest.mark.parametrize(("tidy_seconds", "is_asked"), [(0.05, True), (60.0, False)])
def test_old_checkpoints_are_looked_for_though_no_job_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tidy_seconds: float, is_asked: bool
) -> None:
    jobs = [{"name": name, "state": "RUNNING"} for name in job_names()]
    monkeypatch.setattr(job_watch, "read_json", lambda url: {"jobs": jobs})
    monkeypatch.setattr(job_watch, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(job_watch, "_TIDY_SECONDS", tidy_seconds)

    async def watched() -> int:
        keepers: dict[str, Any] = {
            name: Watched() for name in ("jobs", "jobmanager", "taskmanager")
        }
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(watch_jobs(Home(tmp_path), keepers), 0.3)
        return int(keepers["jobs"].count)

    assert bool(asyncio.run(watched())) is is_asked
