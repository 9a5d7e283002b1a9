"""collect_events over tests/sql/collect_events: one run of the real job, a test a case.

A record of a case is an event, or bytes (`text`, `hex`, or `repeat` so many `times`). How much of
it Kafka's JSON reader would refuse is played here: only whole JSON objects reach the typed tables.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.flink_jobs.starts import Start
from schemas.load import FOLDER as SCHEMAS
from tests.agreement.expected import event_rows
from tests.agreement.streams import WAYS
from tests.sql import made_days
from tests.sql.streams import Case, Row, Rows, as_letter, cases, event, named_columns, run

# A producer gone wrong: a hundred of its records in a minute, and samples of more.
FLOOD = Case(
    "flood_of_letters",
    [{"text": "no"}] * 2005,
    {"dead_letters": [{"letter_number": number} for number in (*range(1, 101), 1000, 2000)]},
)
CASES = [*cases("collect_events"), FLOOD]
SEVEN = ("events", 7)
START = Start(
    "run-1",
    marks={
        "events": {SEVEN: 101},
        "unique-events": {SEVEN: 100},
        "not_json": {SEVEN: 103},
        "missing_field": {SEVEN: 102},
        "identities": {SEVEN: 108},
        "recording_chunks": {("recording-chunks", 7): 100},
    },
)
NAMES = {case.name for case in CASES}
PLACE = ("topic_name", "topic_partition", "topic_offset", "appended_at", "record_key")
# Topics that hold no events, and the source table of each.
OTHER_TOPICS = {"rejected-events": "refusals", "recording-chunks": "chunks"}
CHUNK = json.loads((SCHEMAS / "examples/recording_chunk/usual.pass.json").read_text("utf-8"))
# Letters have no site: each case has so many partitions of its own.
STRIDE = 1000


def content_of(case: Case, row: Row, number: int) -> bytes:
    """Return the record's bytes."""
    if "text" in row:
        return str(row["text"]).encode()
    if "hex" in row:
        return bytes.fromhex(str(row["hex"]))
    if "repeat" in row:
        return str(row["repeat"]).encode() * int(row["times"])
    if row.get("topic_name") in OTHER_TOPICS:
        base = CHUNK if row["topic_name"] == "recording-chunks" else {}
        made = {**base, **row, "site_id": f"{case.name}/{row['site_id']}"}
        made = {name: value for name, value in made.items() if name not in PLACE}
        return json.dumps({name: _wire(value) for name, value in made.items()}).encode()
    made = event(case.name, row, number)
    if row.get("record_kind") == "heartbeat":
        made["event_id"] = f"{case.name}/{made['event_id']}"
    return json.dumps({key: value for key, value in made.items() if key not in PLACE}).encode()


def _wire(value: Any) -> Any:
    return int(value.timestamp() * 1000) if isinstance(value, datetime) else value


def place_of(row: Row, number: int) -> Row:
    """Return where the record lies: a second after its time unless the case says otherwise."""
    happened = row.get("event_at")
    if not isinstance(happened, datetime):
        happened = datetime(2026, 3, 1, 10, tzinfo=UTC)
    appended = row.get("appended_at", happened + timedelta(seconds=1))
    return {
        "topic_name": row.get("topic_name", "events"),
        "topic_partition": row.get("topic_partition", 0),
        "topic_offset": row.get("topic_offset", number),
        "appended_time": f"{appended:%Y-%m-%dT%H:%M:%S}.{appended.microsecond // 1000:03d}Z",
    }


def is_object(content: bytes) -> bool:
    """Return whether the JSON reader of a typed table takes the record."""
    try:
        return isinstance(json.loads(content.decode()), dict)
    except ValueError:
        return False


def files_of(case: Case) -> dict[str, list[Row]]:
    """Return the lines of the source tables."""
    files: dict[str, list[Row]] = {"arrivals": [], "refusals": [], "chunks": [], "letters": []}
    for number, row in enumerate(case.arrivals):
        content, place = content_of(case, row, number), place_of(row, number)
        files["letters"].append(as_letter(content, place))
        if is_object(content):
            table = OTHER_TOPICS.get(place["topic_name"], "arrivals")
            files[table].append({"record_key": "k", **json.loads(content), **place})
    return files


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """Run the job once over all cases; return the sinks' rows."""
    files: dict[str, list[Row]] = {"arrivals": [], "refusals": [], "chunks": [], "letters": []}
    for number, case in enumerate(CASES):
        for name, rows in files_of(case).items():
            files[name] += [_moved(row, number) for row in rows]
    for number, way in enumerate(WAYS):
        files["arrivals"] += made_days.raw_records(way, len(CASES) * STRIDE + number)
    folder: Path = tmp_path_factory.mktemp("collect")
    return run("collect_events", _moved_marks(START), files, folder)


@pytest.fixture(scope="module")
def tables(written: Rows) -> dict[str, Rows]:
    """Return the sinks' rows by case."""
    return {
        case.name: {name: _of_case(rows, number) for name, rows in written.items()}
        for number, case in enumerate(CASES)
    }


def _moved(row: Row, case_number: int) -> Row:
    """Give each case partitions of its own, which every sink's rows carry."""
    return {**row, "topic_partition": row["topic_partition"] + case_number * STRIDE}


def _moved_marks(start: Start) -> Start:
    number = [case.name for case in CASES].index("start_after_the_marks")
    marks = {
        sink: {(topic, part + number * STRIDE): offset for (topic, part), offset in places.items()}
        for sink, places in start.marks.items()
    }
    return Start(start.run_id, start.start_ms, start.complete_after_ms, marks)


def _of_case(rows: list[Row], case_number: int) -> list[Row]:
    first = case_number * STRIDE
    mine = [row for row in rows if first <= row["topic_partition"] < first + STRIDE]
    return [_as_written(row, first) for row in mine]


def _as_written(row: Row, first: int) -> Row:
    plain = {**row, "topic_partition": row["topic_partition"] - first}
    for name in ("site_id", "event_id"):
        text = plain.get(name)
        if isinstance(text, str) and text.partition("/")[0] in NAMES:
            plain[name] = text.partition("/")[2]
    return plain | {"payload_length": len(str(plain.get("payload", "")))}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, tables: dict[str, Rows]) -> None:
    for table, expected in case.expected.items():
        found, wanted = named_columns(tables[case.name][table], expected)
        assert (table, len(found)) == (table, len(wanted)), found
        assert found == wanted


def test_unique_events_say_what_they_are(tables: dict[str, Rows]) -> None:
    for row in (row for rows in tables.values() for row in rows["unique_events"]):
        kind = "heartbeat" if row["record_kind"] == "heartbeat" else "unique_event"
        assert row["record_key"] == "k"
        assert as_letter(f"{kind}.1".encode(), {})["content"] == row["headers"]["schema"]


@pytest.mark.parametrize("way", WAYS)
def test_it_agrees_with_a_plain_computation(way: str, written: Rows) -> None:
    copies = made_days.copies(way)
    wanted_rows = event_rows(copies)
    assert made_days.disagreements("event_row", way, written["events"], wanted_rows) == []
    passed_on = [row for row in written["unique_events"] if row["site_id"].startswith(f"{way}/")]
    wanted = sorted((row["site_id"], row["event_id"]) for row in copies if not row["is_late"])
    assert sorted((row["site_id"], row["event_id"]) for row in passed_on) == wanted
