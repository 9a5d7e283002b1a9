"""detect_friction over tests/sql/detect_friction: one run of the real job, a test a case."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import pytest

from tests.agreement.expected_friction import friction_rows
from tests.agreement.streams import WAYS
from tests.sql import made_days
from tests.sql.streams import (
    Case,
    Row,
    Rows,
    cases,
    named_columns,
    of_case,
    run_over,
    topic_records,
)

TABLE: Final = "friction_live"
CASES: Final = cases("detect_friction", only_table=TABLE)
# A column that a case leaves out: a click on one button, timed by a browser that says when it sent.
CLICK: Final[Row] = {
    "event_name": "click",
    "click_target": "button#buy",
    "click_x_px": 100,
    "click_y_px": 100,
    "sent_at": datetime(2026, 3, 1, 11, tzinfo=UTC),
}


def of_clicks(case: Case) -> Case:
    """Return the case with what it leaves out of its clicks."""
    rows = [r if r.get("record_kind") == "heartbeat" else {**CLICK, **r} for r in case.arrivals]
    return replace(case, arrivals=rows)


@pytest.fixture(scope="module")
def friction(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    records = [record for case in CASES for record in topic_records(of_clicks(case))]
    records += made_days.unique_records()
    return run_over("detect_friction", records, tmp_path_factory.mktemp("friction"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, friction: Rows) -> None:
    found, wanted = named_columns(of_case(friction[TABLE], case.name), case.expected[TABLE])
    assert found == wanted


@pytest.mark.parametrize("way", WAYS)
def test_it_agrees_with_a_plain_computation(way: str, friction: Rows) -> None:
    wanted = friction_rows(made_days.copies(way))
    assert len(wanted) > 100
    assert made_days.disagreements("friction", way, friction[TABLE], wanted) == []


def test_no_row_is_told_twice(friction: Rows) -> None:
    keys = [(row["site_id"], row["kind"], row["event_id"]) for row in friction[TABLE]]
    assert len(keys) == len(set(keys)) > 0
