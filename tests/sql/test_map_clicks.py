"""map_clicks over tests/sql/map_clicks: one run of the real job, a test a case.

Records of kind `pointers` lie in that topic, as do heartbeats that say so; others in unique-events.
"""

import json
from datetime import timedelta
from typing import Final

import pytest

from pipelines.flink_jobs.starts import Start
from schemas.load import FOLDER, RECORDS
from tests.sql.streams import (
    COMPLETE_AFTER_MS,
    SEPARATOR,
    Case,
    Row,
    Rows,
    cases,
    event,
    named_columns,
    of_case,
    run,
    topic_records,
)

TABLE: Final = "heatmap_cells"
CASES: Final = cases("map_clicks", only_table=TABLE)
POINTERS: Final[Row] = json.loads(
    (FOLDER / "examples/pointer_batch/usual.pass.json").read_text("utf-8")
) | dict.fromkeys(("points", "scroll_from_percent", "scroll_percent"))
_COLUMNS: Final = {"appended_at", *(field.name for field in RECORDS["pointer_batch"].fields)}


def is_pointers(row: Row) -> bool:
    return row.get("record_kind") == "pointers" or row.get("topic") == "pointers"


def pointer_records(case: Case) -> list[Row]:
    """Return the case's records as they lie in topic pointers: a second after they happened."""
    made = []
    for number, row in enumerate(case.arrivals):
        if is_pointers(row):
            usual = POINTERS if row["record_kind"] == "pointers" else {}
            appended = row.get("appended_at", row["event_at"] + timedelta(seconds=1))
            record = event(case.name, row, number, **(usual | {"appended_at": appended} | row))
            record["event_id"] = row.get("event_id", f"{case.name}-{number}")
            if usual:
                record["site_id"] = f"{case.name}{SEPARATOR}{row.get('site_id', 's1')}"
            made.append({name: value for name, value in record.items() if name in _COLUMNS})
    return made


def event_records(case: Case) -> list[Row]:
    own = [{"page_path": "/", **row} for row in case.arrivals if not is_pointers(row)]
    return topic_records(Case(case.name, own, {}))


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    files = {
        "unique_events": [record for case in CASES for record in event_records(case)],
        "pointers": [record for case in CASES for record in pointer_records(case)],
    }
    ordered = {
        name: sorted(rows, key=lambda row: row["appended_at"]) for name, rows in files.items()
    }
    start = Start("run-1", complete_after_ms=COMPLETE_AFTER_MS)
    return run("map_clicks", start, ordered, tmp_path_factory.mktemp("cells"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, cells: Rows) -> None:
    found, wanted = named_columns(of_case(cells[TABLE], case.name), case.expected[TABLE])
    assert found == wanted


def test_versions_of_a_cell_only_grow(cells: Rows) -> None:
    counts: dict[str, list[tuple[str, int]]] = {}
    for row in cells[TABLE]:
        told = {"point_count", "document_height_px", "counted_until_at", "emitted_at"}
        key = repr({name: value for name, value in sorted(row.items()) if name not in told})
        counts.setdefault(key, []).append((row["counted_until_at"], row["point_count"]))
    for versions in counts.values():
        numbers = [count for _, count in sorted(versions)]
        assert numbers == sorted(set(numbers))


def test_every_row_carries_its_run(cells: Rows) -> None:
    assert {row["run_id"] for row in cells[TABLE]} == {"run-1"}
