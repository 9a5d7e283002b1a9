"""sessionize_events: one run of the real job over all cases, a test a case.

tests/sql/sessionize_events holds what it says of closed sessions, tests/sql/session_progress what
of open ones.
"""

import json
from dataclasses import replace

import pytest

from schemas.load import FOLDER as SCHEMAS
from tests.agreement.expected_sessions import session_rows
from tests.agreement.streams import WAYS
from tests.sql import made_days
from tests.sql.streams import (
    COMPLETE_AFTER_MS,
    Case,
    Row,
    Rows,
    cases,
    event,
    named_columns,
    of_case,
    run_over,
    topic_records,
)

TABLE, OPEN = "sessions_closed", "session_progress"
CASES = cases("sessionize_events", only_table=TABLE)
# A name may stand in both folders: sites must not.
OPEN_CASES = [replace(c, name=f"open-{c.name}") for c in cases("session_progress", only_table=OPEN)]
# What a row says of itself, not of its session.
OF_ROWS = {"run_id", "emitted_at", "counted_until_at"}
SESSION_IDS = json.loads((SCHEMAS / "examples/session_id.json").read_text("utf-8"))


def id_records() -> list[Row]:
    """Return one event for each example of schemas/examples/session_id.json, later than 2020."""
    return [
        {
            **event("ids", {}, number, topic_id="t", topic_partition=0, topic_offset=number),
            "site_id": example["site_id"],
            "visitor_id": example["visitor_id"],
            "event_at": example["first_event_ms"],
            "appended_at": example["first_event_ms"],
        }
        for number, example in enumerate(SESSION_IDS)
        if example["first_event_ms"] > COMPLETE_AFTER_MS
    ]


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    records = [r for case in [*CASES, *OPEN_CASES] for r in topic_records(case)]
    records += [*id_records(), *made_days.unique_records()]
    return run_over("sessionize_events", records, tmp_path_factory.mktemp("sessionize"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, sessions: Rows) -> None:
    found, wanted = named_columns(of_case(sessions[TABLE], case.name), case.expected[TABLE])
    assert found == wanted


@pytest.mark.parametrize("case", OPEN_CASES, ids=lambda case: case.name)
def test_case_of_an_open_session(case: Case, sessions: Rows) -> None:
    found, wanted = named_columns(of_case(sessions[OPEN], case.name), case.expected[OPEN])
    assert found == wanted


@pytest.mark.parametrize("way", WAYS)
def test_it_agrees_with_a_plain_computation(way: str, sessions: Rows) -> None:
    wanted = session_rows(made_days.copies(way))
    assert len(wanted) > 100
    assert made_days.disagreements("session", way, sessions[TABLE], wanted) == []


def test_what_was_told_last_of_an_open_session_is_what_it_closed_as(sessions: Rows) -> None:
    last: dict[str, Row] = {}
    for row in sorted(sessions[OPEN], key=lambda row: row["counted_until_at"]):
        last[row["session_id"]] = row
    closed = {row["session_id"]: row for row in sessions[TABLE]}
    assert len(closed) == len(sessions[TABLE]) > 50
    assert closed.keys() == last.keys()
    for session_id, row in closed.items():
        told = last[session_id]
        assert {n: told[n] for n in row.keys() - OF_ROWS} == {
            n: row[n] for n in row.keys() - OF_ROWS
        }


def test_session_id_is_the_one_of_the_examples(sessions: Rows) -> None:
    ids = {(row["site_id"], row["visitor_id"]): row["session_id"] for row in sessions[TABLE]}
    for record in id_records():
        example = next(each for each in SESSION_IDS if each["site_id"] == record["site_id"])
        assert ids[example["site_id"], example["visitor_id"]] == example["session_id"]


def test_every_row_carries_its_run(sessions: Rows) -> None:
    assert {row["run_id"] for row in [*sessions[TABLE], *sessions[OPEN]]} == {"run-1"}
