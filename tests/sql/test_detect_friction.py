"""detect_friction over tests/sql/detect_friction: one run of the real job, a test a case."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from pipelines.flink_jobs.starts import Start
from tests.sql.streams import Case, Row, Rows, cases, event, named_columns, of_case, run

TABLE: Final = "friction_live"
CASES: Final = cases("detect_friction", only_table=TABLE)
# Half an hour into the year 2020: cases of that night see a start without state, others do not.
COMPLETE_AFTER_MS: Final = 1_577_838_600_000
# A column that a case leaves out: a click on one button, timed by a browser that says when it sent.
CLICK: Final[Row] = {
    "event_name": "click",
    "click_target": "button#buy",
    "click_x_px": 100,
    "click_y_px": 100,
    "sent_at": datetime(2026, 3, 1, 11, tzinfo=UTC),
}


def topic_records(case: Case) -> list[Row]:
    """Return the case's records as they lie in unique-events: a second after they happened."""
    records = []
    for number, row in enumerate(case.arrivals):
        place: dict[str, Any] = {"topic_id": "t", "topic_partition": 0, "topic_offset": number}
        appended = {"appended_at": row["event_at"] + timedelta(seconds=1)}
        click = {} if row.get("record_kind") == "heartbeat" else CLICK
        records.append(event(case.name, row, number, **click, **place, **appended))
    return records


@pytest.fixture(scope="module")
def friction(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """Run the job once over all cases, in the order in which the broker would append them."""
    records = [record for case in CASES for record in topic_records(case)]
    records.sort(key=lambda record: record["appended_at"])
    start = Start("run-1", complete_after_ms=COMPLETE_AFTER_MS)
    folder: Path = tmp_path_factory.mktemp("friction")
    return run("detect_friction", start, {"unique_events": records}, folder)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, friction: Rows) -> None:
    found, wanted = named_columns(of_case(friction[TABLE], case.name), case.expected[TABLE])
    assert found == wanted


def test_no_row_is_told_twice(friction: Rows) -> None:
    keys = [(row["site_id"], row["kind"], row["event_id"]) for row in friction[TABLE]]
    assert len(keys) == len(set(keys)) > 0
