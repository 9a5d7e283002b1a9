"""Loading and rendering jobs."""

import shutil
from pathlib import Path

import pytest

from pipelines.flink_jobs.errors import BadJob
from pipelines.flink_jobs.runner import (
    FOLDER,
    JOB_NAMES,
    Job,
    case,
    literal,
    load_job,
    render,
    rule_text,
)
from pipelines.flink_jobs.starts import Start
from schemas.load import TOPICS

PLACE = {"kafka_bootstrap": "b:1", "catalog_options": "'a' = 'b'", "transaction_prefix": "p"}


def ids(job: Job, suffix: str = "") -> dict[str, str]:
    return {topic: f"id-{topic}{suffix}" for topic in job.reads}


@pytest.mark.parametrize("name", JOB_NAMES)
def test_every_job_renders_whole(name: str) -> None:
    job = load_job(name)
    ready = render(job, ids(job), PLACE, Start("r").parameters())
    assert "${" not in "".join(ready.statements)
    assert ready.statements[0].startswith("CREATE CATALOG lake")
    assert any(statement.startswith("INSERT INTO") for statement in ready.statements)


def test_folders_and_names_agree() -> None:
    assert {path.parent.name for path in FOLDER.glob("*/job.toml")} == set(JOB_NAMES)


@pytest.mark.parametrize("name", JOB_NAMES)
def test_a_job_reads_topics_that_name_it(name: str) -> None:
    job = load_job(name)
    assert all(name in TOPICS[topic].consumers for topic in job.reads)
    assert all(TOPICS[topic].producer == name for topic in job.produces)


def test_the_fingerprint_is_of_the_sql_alone() -> None:
    job = load_job("collect_events")
    before = render(job, ids(job), PLACE, Start("r1").parameters())
    later = Start("r2", 5, marks={"events": {("events", 0): 9}}).parameters()
    elsewhere = render(job, ids(job), PLACE | {"kafka_bootstrap": "c:2"}, later)
    assert elsewhere.statements != before.statements
    assert elsewhere.fingerprint == before.fingerprint


def test_a_topic_made_anew_changes_the_fingerprint() -> None:
    job = load_job("collect_events")
    start = Start("r").parameters()
    fingerprints = {render(job, ids(job, x), PLACE, start).fingerprint for x in ("", "-new")}
    assert len(fingerprints) == 2


def test_a_changed_rule_changes_the_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    job = load_job("sessionize_events")
    start = Start("r").parameters()
    before = render(job, ids(job), PLACE, start).fingerprint
    monkeypatch.setattr("pipelines.flink_jobs.runner.rule_text", lambda path, where: "31")
    assert render(job, ids(job), PLACE, start).fingerprint != before


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(FOLDER / "sessionize_events", tmp_path / "sessionize_events")
    shutil.copy(FOLDER / "unique_events.sql", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('state       = "hashmap"', 'state = "disk"', "no state 'disk'; known: rocksdb, hashmap"),
        ('["unique-events"]', '["unique"]', "no topic 'unique'"),
        ('["sessions_closed", ', '["sessions", ', "no table 'sessions'"),
        ("../unique_events.sql", "events.sql", "no file 'events.sql' for its source"),
        ('["../unique_events.sql"]', '"../unique_events.sql"', "source: expected list, found"),
        ("closed.ended_at", "closed.ended", "'sessions_closed.ended' is no time of its tables"),
        ("reread  ", "# reread  ", "'restart_reread' and reread = 'table.column' go together"),
        ("gap_minutes  ", "gap_hours  ", "parameter 'gap_hours' stands nowhere in the SQL"),
        ("parallelism = 1", "parallelism = 1\nthreads = 2", "unknown key 'threads'"),
    ],
)
def test_a_wrong_job_says_what_is_wrong(
    copied: Path, before: str, after: str, message: str
) -> None:
    file = copied / "sessionize_events" / "job.toml"
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after), "utf-8")
    with pytest.raises(BadJob, match=message):
        load_job("sessionize_events", copied)


def test_an_unknown_job_lists_those_that_exist() -> None:
    with pytest.raises(BadJob, match="no job 'x'; there are collect_events, sessionize_events"):
        load_job("x")


def test_an_unknown_rule_is_named(copied: Path) -> None:
    file = copied / "sessionize_events" / "job.toml"
    text = file.read_text("utf-8").replace("sessions.gap_minutes", "sessions.pause")
    file.write_text(text, "utf-8")
    job = load_job("sessionize_events", copied)
    with pytest.raises(BadJob, match=r"no rule 'sessions.pause' in schemas/rules"):
        render(job, ids(job), PLACE, Start("r").parameters())


def test_literals_are_quoted() -> None:
    assert literal("it's") == "'it''s'"
    assert case("topic_name", {"a": "1", "b": "2"}) == (
        "CASE topic_name WHEN 'a' THEN '1' WHEN 'b' THEN '2' END"
    )


def test_rules_of_numbers_stand_between_commas() -> None:
    assert rule_text("heatmap.depths_percent", "job").startswith("10, 20, ")
    assert rule_text("heatmap.heatmap_senders", "job") == "'browser'"
