"""A change of what makes a table's rows touches that table and those that read it, no other."""

from dataclasses import replace
from datetime import date
from typing import cast

import pytest

from cli.plan import touched
from pipelines.batch import definitions as subject
from pipelines.batch.definitions import definitions, outdated
from pipelines.batch.tables import BATCH_TABLES
from pipelines.lake.sql import PARAMETERS
from schemas.load import RULES


def test_what_was_made_with_the_same_definitions_is_as_it_should_be() -> None:
    assert outdated(definitions(), definitions()) == {}


def test_every_table_of_a_run_has_a_definition() -> None:
    assert definitions().keys() == BATCH_TABLES.keys() - {"day_runs", "held_runs"}


def test_a_run_without_definitions_is_outdated_as_a_whole() -> None:
    assert outdated({}, definitions()).keys() == definitions().keys()


def test_a_changed_table_touches_those_that_read_it() -> None:
    found = outdated({**definitions(), "touchpoints": "another"}, definitions())
    assert found["touchpoints"] == "its definition changed"
    assert found["conversions"] == "reads touchpoints"
    assert "visitor_days" not in found


def test_a_rule_counts_where_it_is_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    before = definitions()
    monkeypatch.setitem(cast(dict[str, str], PARAMETERS), "session_gap_minutes", "31")
    after = definitions()
    assert before["event_sessions"] != after["event_sessions"]
    assert before["visitor_days"] == after["visitor_days"]


def test_a_rule_counts_for_the_model_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before = definitions()
    other = replace(RULES, attribution=replace(RULES.attribution, history_days=91))
    monkeypatch.setattr(subject, "RULES", other)
    assert before["attribution"] != definitions()["attribution"]


def test_rules_that_models_name_exist() -> None:
    named = {rule for table in BATCH_TABLES.values() for rule in table.contract.rules}
    assert all(hasattr(RULES, rule) for rule in named - {"sources"})


def test_days_of_several_runs_are_told_together() -> None:
    def run(day: int, made_with: str | None) -> dict[str, object]:
        at = date(2026, 3, day)
        return {
            "site_id": "s",
            "definitions": made_with,
            "days": 1,
            "first_date": at,
            "last_date": at,
        }

    rows = [row for row in touched([run(2, "{}"), run(1, None)]) if row["table"] == "daily_site"]
    assert [(row["days"], row["from"].day, row["to"].day) for row in rows] == [(2, 1, 2)]
