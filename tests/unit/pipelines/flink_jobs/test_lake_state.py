"""What the launcher reads in the lake, on real tables in a folder."""

from pathlib import Path
from typing import Any

import pytest
from pyiceberg.catalog import Catalog

from pipelines.flink_jobs import lake_state
from pipelines.flink_jobs.restore import Commit
from tests.unit.pipelines.flink_jobs.lake import append, at, new_lake

NAMES = {"id-1": "events", "id-2": "imported-events"}


def row(topic_id: str, partition: int, offset: int, ms: int = 5_000, **more: Any) -> dict[str, Any]:
    place = {"topic_id": topic_id, "topic_partition": partition, "topic_offset": offset}
    return {**place, "appended_at": at(ms), **more}


@pytest.fixture
def lake(tmp_path: Path) -> Catalog:
    return new_lake(tmp_path, "stream_progress", "dead_letters", "sessions_closed")


def test_the_newest_commit_of_flink_is_not_the_newest_snapshot(lake: Catalog) -> None:
    append(lake, "dead_letters", [row("id-1", 0, 1)], job_id="a", max_committed_checkpoint_id="7")
    append(lake, "dead_letters", [row("id-1", 0, 2)], job_id="b", max_committed_checkpoint_id="3")
    append(lake, "dead_letters", [row("id-1", 0, 3)])  # compaction, a test: not Flink
    commits = lake_state.newest_commits(lake, ["dead_letters", "stream_progress"])
    assert commits == {"dead_letters": Commit("b", 3), "stream_progress": None}


def test_marks_are_the_highest_offsets_of_known_topics(lake: Catalog) -> None:
    rows = [row("id-1", 0, 9), row("id-1", 0, 4), row("id-1", 1, 2), row("id-2", 0, 7)]
    append(lake, "dead_letters", [*rows, row("of-a-topic-before", 0, 99)])
    append(lake, "dead_letters", [row("id-1", 1, 30)])
    assert lake_state.read_marks(lake, "dead_letters", NAMES, 0) == {
        ("events", 0): 9,
        ("events", 1): 30,
        ("imported-events", 0): 7,
    }


def test_marks_are_kept_by_reason(lake: Catalog) -> None:
    rows = [row("id-1", 0, 9, reason="not_json"), row("id-1", 0, 4, reason="missing_field")]
    append(lake, "dead_letters", rows)
    marks = lake_state.read_marks(lake, "dead_letters", NAMES, 0, "missing_field")
    assert marks == {("events", 0): 4}


def test_rows_before_the_start_are_not_read(lake: Catalog) -> None:
    append(lake, "dead_letters", [row("id-1", 0, 9, ms=4_999), row("id-1", 1, 3, ms=5_000)])
    assert lake_state.read_marks(lake, "dead_letters", NAMES, 5_000) == {("events", 1): 3}


def test_an_empty_table_has_no_marks(lake: Catalog) -> None:
    assert lake_state.read_marks(lake, "dead_letters", NAMES, 0) == {}
    assert lake_state.read_progress(lake) == []
    assert lake_state.newest_time(lake, "sessions_closed", "ended_at") is None


def test_progress_is_the_newest_by_topic_and_partition(lake: Catalog) -> None:
    append(
        lake,
        "stream_progress",
        [
            row("id-1", 0, 9, ms=9_000, topic_name="events"),
            row("id-1", 0, 4, ms=4_000, topic_name="events"),
            row("id-1", 1, 2, ms=2_000, topic_name="events"),
        ],
    )
    found = sorted((p.partition, p.offset, p.appended_ms) for p in lake_state.read_progress(lake))
    assert found == [(0, 9, 9_000), (1, 2, 2_000)]


def test_the_newest_session_is_the_one_that_ended_last(lake: Catalog) -> None:
    rows = [
        {"ended_at": at(7_000), "started_at": at(1_000), "emitted_at": at(9_000)},
        {"ended_at": at(5_000), "started_at": at(4_000), "emitted_at": at(99_000)},
    ]
    append(lake, "sessions_closed", rows)
    assert lake_state.newest_time(lake, "sessions_closed", "ended_at") == 7_000


def test_the_newest_time_is_read_from_metadata_alone(
    lake: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(lake, "sessions_closed", [{"ended_at": at(7_123)}, {"ended_at": at(5_000)}])
    append(lake, "sessions_closed", [{"ended_at": at(6_000)}])
    monkeypatch.setattr(lake_state, "_newest_of_rows", lambda *_: pytest.fail("rows were read"))
    assert lake_state.newest_time(lake, "sessions_closed", "ended_at") == 7_123


def test_without_bounds_the_rows_tell(lake: Catalog) -> None:
    with lake.load_table(("web", "sessions_closed")).transaction() as change:
        change.set_properties({"write.metadata.metrics.default": "none"})
    append(lake, "sessions_closed", [{"ended_at": at(7_123)}, {"ended_at": at(5_000)}])
    (task,) = lake.load_table(("web", "sessions_closed")).scan().plan_files()
    assert not task.file.upper_bounds
    assert lake_state.newest_time(lake, "sessions_closed", "ended_at") == 7_123
