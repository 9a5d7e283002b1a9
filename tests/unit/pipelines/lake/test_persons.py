"""A condition on a person's rows, made from the columns that say of whom a row is."""

from typing import Any

from pipelines.lake.persons import Person, count_rows, person_tables
from pipelines.lake.sql import bind
from schemas.load import RECORDS, TABLES

ANN = Person("shop", ("v1", "v2"), "ann")


def test_every_table_with_a_visitor_or_a_user_is_one_of_persons() -> None:
    found = person_tables()
    assert found["events"] == ("visitor_id", "user_id")
    assert found["identities"] == ("visitor_id", "user_id", "previous_id")
    assert "erasures" not in found
    assert "daily_site" not in found
    for table in TABLES.values():
        named = {f.name for f in RECORDS[table.record].fields if "visitor_id" in f.name}
        assert not named or table.name in {*found, "erasures"}


def test_a_row_is_theirs_by_any_of_their_ids() -> None:
    sql, values = bind(ANN.holds(("visitor_id", "user_id", "previous_id")), ANN.values())
    assert sql == (
        "site_id = ? AND (visitor_id IN (?, ?) OR user_id IN (?)"
        " OR previous_id IN (?, ?) OR previous_id IN (?))"
    )
    assert values == ["shop", "v1", "v2", "ann", "v1", "v2", "ann"]


def test_who_has_no_id_of_a_kind_is_not_looked_for_by_it() -> None:
    assert "user_id" not in Person("shop", ("v",)).holds(("visitor_id", "user_id"))
    assert Person("shop", (), "ann").holds(("visitor_id",)).endswith("(false)")


def test_tables_without_a_row_are_not_told() -> None:
    class Lake:
        def rows(self, sql: str, values: Any) -> list[dict[str, Any]]:
            assert sql.count(" UNION ALL ") == len(person_tables()) - 1
            return [{"name": "events", "n": 3}, {"name": "touchpoints", "n": 0}]

    lake: Any = Lake()
    assert count_rows(lake, ANN) == {"events": 3}
