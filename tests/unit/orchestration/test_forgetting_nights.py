"""What a night does with each erasure, on a lake and a control plane of paper."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from orchestration import forgetting as nights
from serving.control.erasures import Erasure

ASKED: Final = datetime(2026, 3, 1, 10, tzinfo=UTC)
HIDDEN: Final = Erasure(7, "shop", ["v"], None, ASKED, ASKED, None, None)
REWRITTEN: Final = replace(HIDDEN, rewritten_at=ASKED + timedelta(days=2))
LATER: Final = ASKED + timedelta(days=60)


@dataclass
class Paper:
    """One erasure, and what the lake holds of it; notes what was done, in order."""

    erasure: Erasure
    rows: dict[str, int] = field(default_factory=dict)
    oldest: datetime | None = None
    listed: int = 3
    done: list[str] = field(default_factory=list)
    is_tidy: bool = False

    def hidden_ones(self, control: object) -> list[Erasure]:
        return [self.erasure]

    def came_back(self, control: object, number: int) -> None:
        self.done.append("not rewritten")

    def rewritten(self, control: object, number: int) -> None:
        self.done.append("rewritten")

    def end(self, control: object, number: int) -> None:
        self.done.append("ended")

    def tidy(self, control: object) -> None:
        self.is_tidy = True

    def held(self, trino: object, erased: object) -> dict[str, int]:
        return self.rows

    def delete_recordings(self, *_: object) -> int:
        self.done.append("objects")
        return 0

    def delete_rows(self, trino: object, erased: object, tables: Any) -> None:
        self.done.append("rows")
        self.rows = {}

    def rewritten_tables(self) -> tuple[str, ...]:
        return ("events",)

    def rewrite(self, *_: object) -> list[str]:
        self.done.append("files")
        return ["events"]

    def oldest_snapshot(self, *_: object) -> datetime | None:
        return self.oldest

    def unhide(self, *_: object) -> int:
        self.done.append("unhidden")
        count, self.listed = self.listed, 0
        return count


def night(patch: pytest.MonkeyPatch, paper: Paper, now: datetime, *, ready: bool = False) -> None:
    rooms: Any = type("Rooms", (), dict.fromkeys(("lake", "iceberg", "blobs", "control")))
    rooms.lake = type("Lake", (), {"trino": None})
    patch.setattr(nights, "forgetting", paper)
    patch.setattr(nights, "erasures", paper)
    patch.setattr(nights, "_ready", lambda lake, waiting: waiting if ready else [])
    nights.forget_persons(rooms, now)


def test_one_that_is_not_ready_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    paper = Paper(HIDDEN, {"events": 1})
    night(monkeypatch, paper, LATER)
    assert paper.done == []
    assert paper.is_tidy, "what a killed night left behind goes in the next"


def test_it_counts_as_rewritten_after_the_last_file(monkeypatch: pytest.MonkeyPatch) -> None:
    paper = Paper(HIDDEN, {"events": 1})
    night(monkeypatch, paper, ASKED, ready=True)
    assert paper.done == ["not rewritten", "objects", "rows", "files", "rewritten"]


def test_rows_that_a_replay_brought_back_go_again(monkeypatch: pytest.MonkeyPatch) -> None:
    paper = Paper(REWRITTEN, {"events": 1})
    night(monkeypatch, paper, LATER)
    assert paper.done == ["not rewritten", "objects", "rows", "files", "rewritten"]


def test_it_ends_a_night_after_the_lake_forgot_whom_it_hid(monkeypatch: pytest.MonkeyPatch) -> None:
    paper = Paper(REWRITTEN)
    night(monkeypatch, paper, REWRITTEN.requested_at + timedelta(days=3))
    assert paper.done == [], "a topic still holds them"
    night(monkeypatch, paper, LATER)
    assert paper.done == ["unhidden"]
    night(monkeypatch, paper, LATER)
    assert paper.done == ["unhidden", "unhidden", "ended"]


def test_a_snapshot_from_before_puts_the_end_off(monkeypatch: pytest.MonkeyPatch) -> None:
    paper = Paper(REWRITTEN, oldest=ASKED)
    night(monkeypatch, paper, LATER)
    assert paper.done == []
    paper.oldest = LATER
    night(monkeypatch, paper, LATER)
    assert paper.done == ["unhidden"]
