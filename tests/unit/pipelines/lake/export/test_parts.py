"""The export of a person misses no table that has rows of persons."""

import re

from pipelines.lake.export.parts import parts
from pipelines.lake.persons import Person, person_tables
from schemas.load import TABLES

ANN = Person("shop", ("v1",), "ann")


def test_every_table_with_rows_of_persons_is_in_a_file() -> None:
    shown = {table for part in parts() for table in part.tables}
    assert set(person_tables()) <= shown
    assert shown <= set(TABLES)


def test_a_file_is_kept_as_long_as_the_table_that_keeps_longest() -> None:
    kept = {part.name: part.kept_days(recordings=5) for part in parts()}
    assert TABLES["session_progress"].keep_days is not None
    assert kept["sessions"] is None
    assert kept["recordings"] == 5


def test_the_person_is_bound_and_never_pasted() -> None:
    for part in parts():
        sql, values = part.statement(ANN, ["site_id", "visitor_id", "user_id", "page_path"])
        assert {"shop", "v1"} <= set(values), part.name
        assert "v1" not in sql
        assert "ann" not in sql
        assert "site_id = ?" in sql


def test_every_file_says_what_a_line_is() -> None:
    for part in parts():
        assert re.fullmatch(r"\w.{20,}\.", part.described.one_row), part.name
