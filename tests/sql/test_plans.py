"""What Flink itself plans for every job: insert-only into Iceberg, one duplicate removal."""

import json
import re
from pathlib import Path

import pytest

from infra.local.places import FLINK_PYTHON
from pipelines.flink_jobs.runner import JOB_NAMES, load_job, render
from pipelines.flink_jobs.starts import Start
from pipelines.flink_jobs.submission import run_submit
from schemas.flink import row_columns
from schemas.load import RECORDS, TABLES
from tests.sql.streams import flink_environment

PLACE = {
    "kafka_bootstrap": "nowhere:9092",
    "catalog_options": "'type' = 'generic_in_memory', 'default-database' = 'web'",
    "transaction_prefix": "test",
}


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return Flink's plan of each job, made without running anything."""
    folder: Path = tmp_path_factory.mktemp("plans")
    file = folder / "jobs.json"
    file.write_text(json.dumps([_content(name) for name in JOB_NAMES]), "utf-8")
    answers = run_submit(str(FLINK_PYTHON), flink_environment(folder), "plan", file)
    return {answer["name"]: answer.get("plan", answer.get("error", "")) for answer in answers}


def _content(name: str) -> dict[str, object]:
    job = load_job(name)
    ids = {topic: f"id-of-{topic}" for topic in job.reads}
    start = Start("run-1", marks={"events": {("events", 0): 1}}).parameters()
    ready = render(job, ids, PLACE, start)
    statements = list(ready.statements)
    statements[1:1] = [
        f"CREATE TABLE lake.web.{table} ({row_columns(RECORDS[TABLES[table].record])}) "
        "WITH ('connector' = 'blackhole')"
        for table in job.writes
    ]
    settings = dict(ready.settings) | {"table.local-time-zone": "UTC"}
    return {"name": name, "settings": settings, "statements": statements}


def _part(plan: str, title: str) -> str:
    return plan.split(f"== {title} ==")[1].split("\n== ")[0]


def _changes(plan: str) -> set[str]:
    """Return the kinds of change that any operator below a sink emits."""
    physical = _part(plan, "Optimized Physical Plan")
    modes = set(re.findall(r"changelogMode=\[([A-Z,]+)\]", physical))
    return {kind for mode in modes for kind in mode.split(",")} - {"NONE"}


@pytest.mark.parametrize("name", JOB_NAMES)
def test_every_operator_is_insert_only(name: str, plans: dict[str, str]) -> None:
    assert load_job(name).changelog == "insert-only"
    assert _changes(plans[name]) == {"I"}, plans[name]


@pytest.mark.parametrize("name", JOB_NAMES)
def test_it_writes_what_its_contract_says(name: str, plans: dict[str, str]) -> None:
    job = load_job(name)
    sinks = re.findall(r"Sink\(table=\[([\w.]+)\]", _part(plans[name], "Optimized Execution Plan"))
    topics = {topic.replace("-", "_") for topic in job.produces}
    assert sorted(sink.rpartition(".")[2] for sink in sinks) == sorted({*job.writes, *topics})


def test_ids_are_remembered_once(plans: dict[str, str]) -> None:
    executed = _part(plans["collect_events"], "Optimized Execution Plan")
    assert executed.count("Deduplicate(keep=[FirstRow]") == 1
    assert "Deduplicate(keep=[FirstRow], key=[site_id, event_id], order=[PROCTIME]" in executed


def test_marks_stand_above_the_duplicate_removal(plans: dict[str, str]) -> None:
    executed = _part(plans["collect_events"], "Optimized Execution Plan")
    blocks = executed.split("\n\n")
    removal = next(block for block in blocks if "Deduplicate(" in block)
    assert "topic_offset > " not in removal.partition("Deduplicate(")[2]


def test_each_topic_is_read_as_often_as_planned(plans: dict[str, str]) -> None:
    executed = _part(plans["collect_events"], "Optimized Execution Plan")
    assert executed.count("TableSourceScan(") == 4  # arrivals, refusals, chunks, letters


def test_minutes_are_windows_and_nothing_updates(plans: dict[str, str]) -> None:
    executed = _part(plans["aggregate_minutes"], "Optimized Execution Plan")
    assert "CUMULATE(time_col=[event_time], max_size=[1 min], step=[10 s])" in executed
    assert "GroupAggregate(" not in executed.replace("WindowAggregate(", "")
    assert executed.count("OverAggregate(") == 1


def test_friction_is_one_reader_two_windows_and_one_table(plans: dict[str, str]) -> None:
    executed = _part(plans["detect_friction"], "Optimized Execution Plan")
    assert executed.count("TableSourceScan(") == 1
    assert executed.count("window=[SESSION(time_col=[event_time]") == 2
    assert executed.count("Sink(table=") == 1
    assert "GroupAggregate(" not in executed
    assert "watermark=[-(TO_TIMESTAMP_LTZ(appended_at, 3)" in executed


def test_heatmaps_read_each_topic_once_and_remember_batches_for_a_window(
    plans: dict[str, str],
) -> None:
    executed = _part(plans["map_clicks"], "Optimized Execution Plan")
    assert executed.count("TableSourceScan(") == 2
    assert executed.count("WindowDeduplicate(") == executed.count("OverAggregate(") == 1
    assert "Join(" not in executed
    assert "TUMBLE(time_col=[event_time], size=[1 min])" in executed
    assert "GroupAggregate(" not in executed
    assert "watermark=[-(CAST(appended_time AS " in executed


def test_sessions_are_windows_and_the_watermark_is_in_the_source(plans: dict[str, str]) -> None:
    executed = _part(plans["sessionize_events"], "Optimized Execution Plan")
    assert "window=[SESSION(time_col=[event_time]" in executed
    assert "GroupAggregate" not in executed
    assert "watermark=[-(TO_TIMESTAMP_LTZ(appended_at, 3)" in executed
