"""What a restatement run does with its requests, on a lake and a control plane of paper."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from orchestration import work
from orchestration.quality import Verdict, demand
from pipelines.batch.errors import ChecksFailed, UnknownSite
from pipelines.batch.tables import Check

CHECK = Check("m", "It is so.", max=0)


class Paper:
    """The queue of requests, in memory."""

    def __init__(self, *rows: tuple[int, str]) -> None:
        self.status = {number: "queued" for number, _ in rows}
        self.sites = dict(rows)
        self.errors: dict[int, str | None] = {}

    def open_requests(self, control: object) -> list[Any]:
        return [
            type(
                "Request",
                (),
                {
                    "restatement_id": number,
                    "is_held": False,
                    "site_id": self.sites[number],
                    "dates": [date(2026, 3, 1)],
                    "reason": "test",
                    "status": status,
                },
            )()
            for number, status in self.status.items()
            if status != "done"
        ]

    def start(self, control: object, number: int, run_id: str) -> bool:
        self.status[number] = "running"
        return True

    def finish(self, control: object, number: int, error: str | None) -> None:
        self.status[number], self.errors[number] = "done", error


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(work, "_warm_up", lambda: None)
    monkeypatch.setattr(work, "mirror_sites", lambda control, lake: [])
    return monkeypatch


def run_queue(quiet: pytest.MonkeyPatch, paper: Paper, restate: Any) -> work.Outcome:
    quiet.setattr(work, "restatements", paper)
    quiet.setattr(work, "restated_runs", restate)
    return work.restate_queue(None, None, "run")  # type: ignore[arg-type]


def test_one_request_that_fails_does_not_stop_the_next(quiet: pytest.MonkeyPatch) -> None:
    paper = Paper((1, "bad"), (2, "good"))

    def restate(lake: object, site: str, *rest: object, **named: object) -> list[str]:
        if site == "bad":
            raise UnknownSite("no such site")
        return ["run"]

    outcome = run_queue(quiet, paper, restate)
    assert paper.errors == {1: "no such site", 2: None}
    assert outcome.failures == ["bad: no such site"]
    assert len(outcome.runs) == 1


def test_runs_switched_to_before_one_fails_are_told(quiet: pytest.MonkeyPatch) -> None:
    def restate(*_: object, **named: object) -> Iterator[str]:
        yield "first week"
        raise ChecksFailed("second week")

    outcome = run_queue(quiet, Paper((1, "s")), restate)
    assert [str(run) for run in outcome.runs] == ["first week"]
    assert outcome.failures == ["s: second week"]


def test_what_is_asked_meanwhile_is_taken_by_the_same_run(quiet: pytest.MonkeyPatch) -> None:
    paper = Paper((1, "s"))

    def restate(*_: object, **named: object) -> list[str]:
        if 2 not in paper.status:
            paper.status[2], paper.sites[2] = "queued", "s"
        return []

    run_queue(quiet, paper, restate)
    assert paper.errors == {1: None, 2: None}


def test_a_bad_verdict_says_what_was_found() -> None:
    verdicts = [
        Verdict("t", CHECK, "r", 0, passed=True),
        Verdict("t", CHECK, "r", 3, passed=False),
    ]
    with pytest.raises(ChecksFailed, match=r"run r stays unused: t\.m is 3\. It is so\."):
        demand(verdicts)


def test_good_verdicts_pass() -> None:
    demand([Verdict("t", CHECK, "r", 0, passed=True)])
    demand([])
