"""Filling and binding of SQL files."""

from pathlib import Path

import pytest

from pipelines.lake.sql import WrongSql, bind, columns_of, read_sql
from schemas.load import RECORDS, RULES


def _file(folder: Path, text: str) -> Path:
    path = folder / "thing.sql"
    path.write_text(text)
    return path


def test_rules_fill_names(tmp_path: Path) -> None:
    filled = read_sql(_file(tmp_path, "-- One row = x.\nSELECT ${session_gap_minutes}"))
    assert filled.body == f"SELECT {RULES.sessions.gap_minutes}"


def test_an_unknown_name_is_refused_with_the_file(tmp_path: Path) -> None:
    with pytest.raises(WrongSql, match=r"thing\.sql: parameter 'nothing'"):
        read_sql(_file(tmp_path, "SELECT ${nothing}"))


def test_a_doubled_dollar_is_one(tmp_path: Path) -> None:
    assert read_sql(_file(tmp_path, 'SELECT "t$$files"')).text == 'SELECT "t$files"'


def test_the_header_says_what_a_row_is(tmp_path: Path) -> None:
    text = (
        "-- One row = one thing,\n-- or two.\n-- In:     a, b\n-- Columns: event, session\nSELECT 1"
    )
    read = read_sql(_file(tmp_path, text))
    assert read.one_row == "one thing, or two."
    assert read.said("Columns") == ("event", "session")
    assert read.said("Rules") == ()


def test_values_are_bound_in_the_order_of_their_names() -> None:
    sql = "SELECT :b, :a -- not :this\nWHERE x = TIMESTAMP '1970-01-01 00:00:00' AND y = :b"
    marked, values = bind(sql, {"a": 1, "b": 2, "unused": 3})
    assert marked == "SELECT ?, ? \nWHERE x = TIMESTAMP '1970-01-01 00:00:00' AND y = ?"
    assert values == [2, 1, 2]


def test_a_name_without_a_value_is_refused() -> None:
    with pytest.raises(WrongSql, match="no value for missing"):
        bind("SELECT :missing", {"given": 1})


def test_columns_for_people_leave_out_the_kind_of_record() -> None:
    names = columns_of("event_row").split(", ")
    assert "record_kind" not in names
    assert len(names) == len(RECORDS["event_row"].fields) - 1
