"""aggregate_minutes over tests/sql/aggregate_minutes: one run of the real job, a test a case.

A case that says `counted_until_at` expects every version of its minutes, others the final ones.
"""

import pytest

from tests.agreement.expected_sessions import minute_rows
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

TABLE = "minute_stats"
CASES = cases("aggregate_minutes", only_table=TABLE)


@pytest.fixture(scope="module")
def minutes(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    records = [record for case in CASES for record in topic_records(case)]
    records += made_days.unique_records()
    return run_over("aggregate_minutes", records, tmp_path_factory.mktemp("minutes"))


def wanted_versions(case: Case, rows: list[Row]) -> list[Row]:
    is_about_versions = any("counted_until_at" in row for row in case.expected[TABLE])
    return [row for row in rows if row["is_final"] or is_about_versions]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, minutes: Rows) -> None:
    rows = wanted_versions(case, of_case(minutes[TABLE], case.name))
    found, wanted = named_columns(rows, case.expected[TABLE])
    assert found == wanted


@pytest.mark.parametrize("way", WAYS)
def test_it_agrees_with_a_plain_computation(way: str, minutes: Rows) -> None:
    final = [row for row in minutes[TABLE] if row["is_final"]]
    wanted = minute_rows(made_days.copies(way))
    assert len(wanted) > 1_000
    assert made_days.disagreements("minute_stats", way, final, wanted) == []


def test_every_minute_is_told_of_to_its_end_once(minutes: Rows) -> None:
    final = [(row["site_id"], row["minute_at"]) for row in minutes[TABLE] if row["is_final"]]
    assert len(final) == len(set(final))
    assert set(final) == {(row["site_id"], row["minute_at"]) for row in minutes[TABLE]}


def test_every_row_carries_its_run(minutes: Rows) -> None:
    assert {row["run_id"] for row in minutes[TABLE]} == {"run-1"}
