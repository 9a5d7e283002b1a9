"""Views are ordered by what they read, and every column is described."""

from pathlib import Path

import pytest

from pipelines.lake.sql import SqlFile, WrongSql
from pipelines.lake.views import comments_of, load_views, view_comment


def test_a_view_comes_after_those_it_reads() -> None:
    names = [view.name for view in load_views()]
    assert names.index("day_runs") < names.index("sessions")
    assert names.index("events") < names.index("page_views")


def test_every_view_names_an_owner_and_its_row() -> None:
    for view in load_views():
        assert view.said("Owner"), view.name
        assert view.header[0].startswith("One row = "), view.name


def test_a_view_reads_tables_of_its_header_only() -> None:
    for view in load_views():
        said = set(view.said("In"))
        for schema in ("web", "analytics"):
            for word in view.text.split(f"lake.{schema}.")[1:]:
                name = word.split()[0].strip(",)")
                assert f"{schema}.{name}" in said, f"{view.name} reads {schema}.{name}"


def test_a_column_is_described_by_its_record_or_the_header() -> None:
    view = SqlFile("v", "", ("Columns: session", "Column mine: What it is."))
    found = comments_of(view, ["session_id", "mine"])
    assert found["session_id"].startswith("First 32 hex digits")
    assert found["mine"] == "What it is."


def test_a_column_that_nothing_describes_is_refused() -> None:
    with pytest.raises(WrongSql, match="nothing describes column other"):
        comments_of(SqlFile("v", "", ("Columns: session",)), ["other"])


def test_the_digest_changes_with_the_text(tmp_path: Path) -> None:
    one, other = SqlFile("v", "SELECT 1", ("One row = x.",)), SqlFile("v", "SELECT 2", ())
    assert view_comment(one) != view_comment(other)
    assert view_comment(one) == view_comment(SqlFile("v", "SELECT 1", ("One row = x.",)))
