"""Run a job's own SQL over the rows of all its cases at once, on one real local mini cluster.

Each case is a folder: arrivals.yaml (records in), expect.yaml (rows out, in any order; only the
columns named are compared). Cases do not see each other: each has its own sites.
"""

import base64
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import yaml

from infra.local.places import FLINK_PYTHON, cache_folder, java_home, pyflink_folder
from pipelines.flink_jobs.runner import load_job, render
from pipelines.flink_jobs.starts import Start
from pipelines.flink_jobs.submission import run_submit
from schemas.flink import row_columns
from schemas.load import FOLDER as SCHEMAS
from schemas.load import RECORDS, TABLES

HERE: Final = Path(__file__).parent
SMALLEST: Final = json.loads((SCHEMAS / "examples/event/smallest.pass.json").read_text("utf-8"))
HEARTBEAT: Final = json.loads((SCHEMAS / "examples/heartbeat/usual.pass.json").read_text("utf-8"))
# Half an hour into the year 2020: cases of that night see a start without state, others do not.
COMPLETE_AFTER_MS: Final = 1_577_838_600_000
# Between a case's name and the site it wrote: no site id holds it.
SEPARATOR: Final = "/"
Row = dict[str, Any]
Rows = dict[str, list[Row]]


@dataclass(frozen=True)
class Case:
    """One folder of a job."""

    name: str
    arrivals: list[Row]
    expected: Rows


def cases(job: str, only_table: str | None = None) -> list[Case]:
    """Return the job's cases by name; expect.yaml is a list when there is only one table."""
    found = []
    for folder in sorted(path.parent for path in (HERE / job).glob("*/arrivals.yaml")):
        arrivals: list[Row] = yaml.safe_load((folder / "arrivals.yaml").read_text("utf-8"))
        expected: Any = yaml.safe_load((folder / "expect.yaml").read_text("utf-8")) or []
        tables: Rows = {only_table: expected} if only_table else expected
        found.append(Case(folder.name, arrivals, tables))
    return found


def run(job_name: str, start: Start, files: Mapping[str, list[Row]], folder: Path) -> Rows:
    """Run the job's job.sql over JSON files in place of its topics; return its sinks' rows."""
    for name, rows in files.items():
        (folder / name).mkdir(parents=True)
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / name / "rows.json").write_text(text, "utf-8")
    job = load_job(job_name)
    source_sql = "\n".join((HERE / job_name / name).read_text("utf-8") for name in job.source)
    place = {"folder": str(folder), "kafka_bootstrap": "", "catalog_options": ""}
    place["transaction_prefix"] = ""
    topic_ids = {topic: f"id-of-{topic}" for topic in job.reads}
    ready = render(replace(job, source_sql=source_sql), topic_ids, place, start.parameters())
    statements = list(ready.statements)
    statements[1:1] = [_sink(table, folder) for table in job.writes]
    submit_locally(job_name, dict(ready.settings), statements, folder)
    sinks = [*job.writes, *(topic.replace("-", "_") for topic in job.produces)]
    return {sink: _read(folder / sink) for sink in sinks}


def run_over(job_name: str, records: Iterable[Row], folder: Path) -> Rows:
    """Run a reader of unique-events once, over records in the order of the broker.

    It starts without state: what began before COMPLETE_AFTER_MS is not told.
    """
    ordered = sorted(records, key=lambda record: record["appended_at"])
    start = Start("run-1", complete_after_ms=COMPLETE_AFTER_MS)
    return run(job_name, start, {"unique_events": ordered}, folder)


def submit_locally(name: str, settings: dict[str, str], script: list[str], folder: Path) -> None:
    """Run statements on a mini cluster until all input is read."""
    file = folder / "job.json"
    file.write_text(
        json.dumps([{"name": name, "settings": settings | LOCAL, "statements": script}]), "utf-8"
    )
    answer = run_submit(str(FLINK_PYTHON), flink_environment(folder), "wait", file)[0]
    file.unlink()
    assert "error" not in answer, answer["error"]


LOCAL: Final = {
    "execution.target": "local",
    "parallelism.default": "1",
    "table.local-time-zone": "UTC",
    # Files of a sink appear with a checkpoint.
    "execution.checkpointing.interval": "1 s",
}


def flink_environment(folder: Path) -> dict[str, str]:
    """Return the variables that PyFlink needs, its jars linked under the folder."""
    jars = folder / ".lib"
    jars.mkdir()
    for jar in (*(pyflink_folder() / "lib").glob("*.jar"), *cache_folder("flink").glob("*.jar")):
        (jars / jar.name).symlink_to(jar)
    return os.environ | {
        "FLINK_HOME": str(pyflink_folder()),
        "FLINK_LIB_DIR": str(jars),
        "FLINK_CONF_DIR": str(pyflink_folder() / "conf"),
        "FLINK_LOG_DIR": str(folder / ".logs"),
        "JAVA_HOME": str(java_home("flink")),
    }


def epoch_ms(moment: datetime) -> int:
    """Return milliseconds; YAML gives times without a zone, which are UTC."""
    return round(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000)


def event(case: str, row: Row, number: int, **defaults: Any) -> Row:
    """Return a whole record from what a case says of it.

    `event_at` and other times are written as times; a column left out has its value from
    schemas/examples; the event's id is made up from its place.
    """
    base = HEARTBEAT if row.get("record_kind") == "heartbeat" else SMALLEST
    made = {**base, "event_id": f"{case}-{number}", **defaults, **row}
    made = {name: _wire(value) for name, value in made.items()}
    if "event_at" in row and "event_date" not in row and isinstance(row["event_at"], datetime):
        made["event_date"] = f"{row['event_at']:%Y-%m-%d}"
    if base is SMALLEST:
        made["site_id"] = f"{case}{SEPARATOR}{row.get('site_id', 's1')}"
    return made


def topic_records(case: Case) -> list[Row]:
    """Return the case's records as they lie in unique-events: a second after they happened."""
    records = []
    for number, row in enumerate(case.arrivals):
        place: dict[str, Any] = {"topic_id": "t", "topic_partition": 0, "topic_offset": number}
        appended = {"appended_at": row["event_at"] + timedelta(seconds=1)}
        records.append(event(case.name, row, number, **place, **appended))
    return records


def of_case(rows: Iterable[Row], case: str) -> list[Row]:
    """Return the rows of the case's sites, the sites named as the case names them."""
    mine = [row for row in rows if str(row.get("site_id", "")).startswith(f"{case}{SEPARATOR}")]
    return [{**row, "site_id": row["site_id"].partition(SEPARATOR)[2]} for row in mine]


def named_columns(rows: Iterable[Row], expected: Iterable[Row]) -> tuple[list[str], list[str]]:
    """Return both sides as sorted text, cut to the columns that the expectation names."""
    expected = list(expected)
    names = {name for row in expected for name in row}
    found = [{name: row.get(name) for name in names} for row in rows]
    wanted = [{name: _plain(row.get(name)) for name in names} for row in expected]
    return sorted(map(_text, found)), sorted(map(_text, wanted))


def _text(row: Row) -> str:
    return json.dumps(row, sort_keys=True, ensure_ascii=False, default=str)


def _wire(value: Any) -> Any:
    if isinstance(value, datetime):
        return epoch_ms(value)
    return value.isoformat() if isinstance(value, date) else value


def _plain(value: Any) -> Any:
    """Return times as the sinks write them."""
    if isinstance(value, datetime):
        moment = value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".") + "Z"
    return value.isoformat() if isinstance(value, date) else value


def _sink(table: str, folder: Path) -> str:
    columns = row_columns(RECORDS[TABLES[table].record])
    options = {
        "connector": "filesystem",
        "path": f"{folder}/{table}",
        "format": "json",
        "json.timestamp-format.standard": "ISO-8601",
    }
    rendered = ", ".join(f"'{key}' = '{value}'" for key, value in options.items())
    return f"CREATE TABLE lake.web.{table} ({columns}) WITH ({rendered})"


def _read(path: Path) -> list[Row]:
    if not path.is_dir():
        return []
    files = [file for file in path.iterdir() if not file.name.startswith((".", "_"))]
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]


def as_letter(content: bytes, place: Row) -> Row:
    """Return a record of the bytes' table: Flink's JSON holds bytes as base64."""
    return {"content": base64.b64encode(content).decode(), **place}
