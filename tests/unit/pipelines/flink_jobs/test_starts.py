"""Start points and their record."""

from pathlib import Path

from pipelines.flink_jobs import checkpoints, launches
from pipelines.flink_jobs.restore import Checkpoint, Commit, Launch
from pipelines.flink_jobs.starts import MARKED, Start, mark_sql

MARKS = {"events": {("events", 1): 7, ("events", 0): 12}, "unique-events": {("events", 0): 3}}


def test_without_marks_everything_is_written() -> None:
    parameters = Start("r").parameters()
    assert parameters["events_mark"] == "-1"
    assert parameters["start_ms"] == "0"
    assert len(parameters) == len(MARKED) + 3


def test_a_mark_stands_by_topic_and_partition() -> None:
    assert mark_sql(MARKS["events"]) == (
        "CASE WHEN topic_name = 'events' AND topic_partition = 0 THEN 12 "
        "WHEN topic_name = 'events' AND topic_partition = 1 THEN 7 ELSE -1 END"
    )
    assert "THEN 3" in Start("r", marks=MARKS).parameters()["unique_events_mark"]


def test_what_is_recorded_is_read_back(tmp_path: Path) -> None:
    first = Launch(
        "a", "f", Start("r", 5, 6, MARKS), None, {"t": Commit("z", 3), "u": None}, ("l",)
    )
    second = Launch("b", "f", first.start, Checkpoint("a", 4, "file:///c"))
    launches.write(tmp_path, "collect_events", [first, second])
    assert launches.read(tmp_path, "collect_events") == [first, second]


def test_a_new_home_has_no_launches(tmp_path: Path) -> None:
    assert launches.read(tmp_path, "collect_events") == []


def test_only_completed_checkpoints_are_found(tmp_path: Path) -> None:
    for place in ("a/chk-9/_metadata", "a/chk-10/_metadata", "b/chk-3/_metadata"):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).touch()
    (tmp_path / "a" / "chk-11").mkdir()
    (tmp_path / "a" / "shared").mkdir()
    found = checkpoints.find(tmp_path.as_uri(), ["a", "never"])
    assert sorted(each.number for each in found) == [9, 10]
    assert found[0].path.endswith(("/a/chk-9", "/a/chk-10"))
    written = (tmp_path / "a/chk-9/_metadata").stat().st_mtime
    assert abs(found[0].completed_ms - written * 1000) < 60_000


def test_removing_spares_other_jobs(tmp_path: Path) -> None:
    for job in ("a", "b"):
        (tmp_path / job / "chk-1").mkdir(parents=True)
    assert checkpoints.remove(tmp_path.as_uri(), ["a", "never"]) == ["a"]
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_checkpoints_of_the_last_two_launches_and_their_origins_are_kept() -> None:
    known = [
        Launch("a", "f", Start("r")),
        Launch("b", "f", Start("r")),
        Launch("c", "f", Start("r")),
        Launch("d", "f", Start("r"), Checkpoint("b", 4, "file:///c")),
        Launch("e", "f", Start("r")),
    ]
    assert launches.superseded(known) == ["a", "c"]
    assert launches.superseded(known[:2]) == []
