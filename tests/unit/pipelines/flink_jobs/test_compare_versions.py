"""What a deployment changes, and when the state survives it."""

from dataclasses import replace

import pytest

from pipelines.flink_jobs.compare_versions import compare
from pipelines.flink_jobs.runner import Job, load_job, render
from pipelines.flink_jobs.starts import Start
from pipelines.flink_jobs.versions import Version, version_of
from tests.unit.pipelines.flink_jobs.test_runner import PLACE, ids

JOB = load_job("sessionize_events")
BEFORE = version_of(JOB)


def fingerprint(version: Version) -> str:
    return render(version.job, ids(JOB), PLACE, Start("r").parameters()).fingerprint


CHANGES = {
    "how often it commits": (
        replace(JOB, checkpoint_seconds={"local": 5, "production": 60}),
        "commits every (s) local: 10 -> 5",
        "",
    ),
    "a setting of the runtime": (
        replace(JOB, settings={"pipeline.object-reuse": "true"}),
        "setting pipeline.object-reuse: (none) -> true",
        "",
    ),
    "a setting of SQL": (
        replace(JOB, settings={"table.exec.mini-batch.enabled": "true"}),
        "setting table.exec.mini-batch.enabled: (none) -> true",
        "a setting of SQL changed",
    ),
    "one task to several": (replace(JOB, parallelism=2), "parallelism: 1 -> 2", "other ids"),
    "the backend": (replace(JOB, state="rocksdb"), "state: hashmap -> rocksdb", "moves from"),
    "the SQL": (
        replace(JOB, job_sql=JOB.job_sql + "; INSERT INTO x SELECT 1"),
        "+INSERT INTO x SELECT 1",
        "the SQL changed",
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_changes_and_objections(what: str) -> None:
    changed, line, objection = CHANGES[what]
    after = version_of(changed)
    found = compare(BEFORE, after)
    assert line in "\n".join(found.changes)
    assert objection in " ".join(found.objections)
    # What people are told is what the launcher goes by.
    assert found.is_state_kept == (objection == "")
    assert found.is_state_kept == (fingerprint(BEFORE) == fingerprint(after))


def test_two_tasks_or_three_keep_the_state() -> None:
    two, three = (version_of(replace(JOB, parallelism=count)) for count in (2, 3))
    assert compare(two, three).is_state_kept
    assert fingerprint(two) == fingerprint(three)


def test_nothing_changes_between_a_version_and_itself() -> None:
    assert compare(BEFORE, version_of(_copy())).changes == ()


def _copy() -> Job:
    return replace(JOB, owner="another")


def test_a_rule_is_told_by_its_name_and_values(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("runner", "versions"):
        monkeypatch.setattr(f"pipelines.flink_jobs.{module}.rule_text", lambda path, where: "31")
    lines = compare(BEFORE, version_of(JOB)).changes
    assert "rule sessions.gap_minutes: 30 -> 31" in lines


def test_a_long_difference_is_cut() -> None:
    after = version_of(replace(JOB, job_sql="".join(f"SELECT {n};\n" for n in range(99))))
    lines = compare(BEFORE, after).changes
    assert lines[-1].endswith("lines more")
    assert len(lines) < 60
