"""Which snapshots may be forgotten."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from pyiceberg.table.snapshots import Operation, Snapshot, Summary

from pipelines.lake.expiry import to_expire

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def snapshot(number: int, age_minutes: float, job: str = "", operator: str = "") -> Snapshot:
    flink = {"flink.job-id": job, "flink.operator-id": operator} if job else {}
    at = NOW - timedelta(minutes=age_minutes)
    fields = {
        "snapshot-id": number,
        "sequence-number": number,
        "timestamp-ms": int(at.timestamp() * 1000),
        "manifest-list": f"file:///list-{number}",
        "summary": Summary(Operation.APPEND, **flink),
    }
    return Snapshot.model_validate(fields)


def expired(*snapshots: Snapshot, heads: set[int] | None = None) -> set[int]:
    return to_expire(snapshots, heads or set(), NOW - timedelta(hours=1))


def test_old_snapshots_go_and_young_ones_stay() -> None:
    assert expired(snapshot(1, 61), snapshot(2, 59)) == {1}


def test_the_head_of_a_branch_stays() -> None:
    assert expired(snapshot(1, 600), heads={1}) == set()


def test_the_newest_of_each_operator_of_the_last_flink_job_stays_whatever_its_age() -> None:
    found = expired(
        snapshot(1, 900, "a", "x"),
        snapshot(2, 800, "a", "x"),
        snapshot(3, 700, "a", "y"),
        snapshot(4, 600),
    )
    assert found == {1, 4}


def test_a_flink_job_that_another_followed_keeps_nothing() -> None:
    """No checkpoint of it is ever restored again; what it kept would never end."""
    assert expired(snapshot(1, 900, "a", "x"), snapshot(2, 600, "b", "x")) == {1}


def test_compaction_after_it_does_not_push_a_flink_snapshot_out() -> None:
    assert expired(snapshot(1, 600, "a"), snapshot(2, 500), snapshot(3, 10)) == {2}


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(st.tuples(st.floats(0, 300), st.sampled_from(["", "a", "b"]))))
def test_the_job_that_committed_last_keeps_its_newest_snapshot(
    written: list[tuple[float, str]],
) -> None:
    snapshots = [
        snapshot(number, age, job)
        for number, (age, job) in enumerate(sorted(written, key=lambda w: -w[0]), 1)
    ]
    by_flink = [s for s in snapshots if s.summary and s.summary.get("flink.job-id")]
    gone = expired(*snapshots)
    assert not by_flink or by_flink[-1].snapshot_id not in gone
