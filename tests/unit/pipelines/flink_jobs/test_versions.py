"""Versions of jobs: what they hold, that they run as the job itself, and what is kept of them."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.flink_jobs import versions
from pipelines.flink_jobs.runner import JOB_NAMES, Job, load_job, render
from pipelines.flink_jobs.starts import Start
from tests.unit.pipelines.flink_jobs.test_runner import PLACE, ids

START = Start("r1", 5, marks={"events": {("events", 0): 9}}).parameters()


@pytest.mark.parametrize("name", JOB_NAMES)
def test_a_version_runs_as_its_job_does(name: str) -> None:
    job = load_job(name)
    frozen = versions.version_of(job).job
    assert render(frozen, ids(job), PLACE, START) == render(job, ids(job), PLACE, START)


@pytest.mark.parametrize("name", JOB_NAMES)
def test_a_version_is_read_as_it_was_kept(name: str, tmp_path: Path) -> None:
    version = versions.version_of(load_job(name))
    versions.keep(tmp_path, version)
    assert versions.read(tmp_path, name, version.version_id) == version
    assert versions.read(tmp_path, name, "") is None
    assert versions.read(tmp_path, name, "another") is None


def test_a_version_outlives_a_change_of_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    job = load_job("sessionize_events")
    before, old = versions.version_of(job), render(job, ids(job), PLACE, START)
    monkeypatch.setattr("pipelines.flink_jobs.runner.rule_text", lambda path, where: "31")
    assert versions.version_of(job).version_id != before.version_id
    assert render(before.job, ids(job), PLACE, START) == old


def test_the_place_and_the_password_are_in_no_version(tmp_path: Path) -> None:
    versions.keep(tmp_path, versions.version_of(load_job("collect_events")))
    (kept,) = (tmp_path / "run" / "streams" / "versions").iterdir()
    assert "${catalog_options}" in kept.read_text("utf-8")


JOB = load_job("sessionize_events")


@pytest.mark.parametrize(
    "changed",
    [
        replace(JOB, parallelism=2),
        replace(JOB, checkpoint_seconds={"local": 5, "production": 60}),
        replace(JOB, settings={"pipeline.object-reuse": "true"}),
        replace(JOB, job_sql=JOB.job_sql + ";\nINSERT INTO x SELECT 1"),
    ],
)
def test_what_acts_makes_another_version(changed: Job) -> None:
    assert versions.version_of(changed).version_id != versions.version_of(JOB).version_id


@pytest.mark.parametrize(
    "changed",
    [
        replace(JOB, owner="somebody else"),
        replace(JOB, job_sql="-- a word more\n" + JOB.job_sql),
    ],
)
def test_words_for_people_make_none(changed: Job) -> None:
    assert versions.version_of(changed).version_id == versions.version_of(JOB).version_id


def test_a_doubled_dollar_is_one_in_the_end() -> None:
    job = replace(JOB, job_sql=JOB.job_sql + ";\nINSERT INTO x SELECT '$$.a'")
    frozen = versions.version_of(job).job
    assert render(frozen, ids(job), PLACE, START).statements[-1] == "INSERT INTO x SELECT '$.a'"


def test_what_was_refused_may_be_forgiven(tmp_path: Path) -> None:
    assert versions.refused(tmp_path, "j") == []
    for version_id in ("a", "b", "a"):
        versions.refuse(tmp_path, "j", version_id)
    assert versions.refused(tmp_path, "j") == ["a", "b"]
    versions.forgive(tmp_path, "j", "a")
    assert versions.refused(tmp_path, "j") == ["b"]
