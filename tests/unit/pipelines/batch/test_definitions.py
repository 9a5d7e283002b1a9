"""A change of what makes a table's rows touches that table and those that read it, no other."""

import json
from dataclasses import replace
from datetime import date
from typing import Any, cast

import pytest

from cli.plan import touched
from pipelines.batch import definitions as subject
from pipelines.batch.definitions import definitions, of_day, outdated
from pipelines.batch.tables import BATCH_TABLES
from pipelines.lake.sql import PARAMETERS
from schemas.goals import Event, Goal, Pages, Property, SiteGoals
from schemas.load import RULES
from schemas.loaders.edge_rules import ChannelRule
from schemas.site_definitions import SiteDefinitions


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


def run(made_with: str | None, *days: int) -> dict[str, object]:
    return {
        "site_id": "s",
        "definitions": made_with,
        "dates": [date(2026, 3, day) for day in days],
    }


def test_days_of_several_runs_are_told_together() -> None:
    found = touched([run("{}", 2), run(None, 1)], {})
    rows = [row for row in found if row["table"] == "daily_site"]
    assert [(row["days"], row["from"].day, row["to"].day) for row in rows] == [(2, 1, 2)]


def goal(goal_id: str = "share", first: int = 1, last: int | None = None) -> Goal:
    until = date(2026, 3, last) if last else None
    return Goal(goal_id, goal_id, "event", Event(goal_id), date(2026, 3, first), until)


def made_with(own: SiteDefinitions, *days: int) -> list[dict[str, object]]:
    return [run(json.dumps(of_day(definitions(), own, date(2026, 3, day))), day) for day in days]


def of(*goals: Goal, **more: Any) -> SiteDefinitions:
    return SiteDefinitions(SiteGoals(goals, **more))


def test_a_goal_touches_the_days_it_counts_on_and_no_other_table() -> None:
    runs = made_with(SiteDefinitions(), 1, 2, 3, 4)
    (row,) = touched(runs, {"s": of(goal(first=2, last=3))})
    assert row == {
        "site": "s",
        "table": "daily_goal",
        "reason": "the site's goals changed",
        "days": 2,
        "from": date(2026, 3, 2),
        "to": date(2026, 3, 3),
    }
    assert touched(runs, {"another": of(goal())}) == []


def test_days_made_with_the_goals_they_have_are_as_they_should_be() -> None:
    goals = of(goal("a"), goal("b", first=2))
    runs = made_with(goals, 1, 2)
    assert touched(runs, {"s": goals}) == []
    assert touched(runs, {"s": of(goal("b", first=2), goal("a"))}) == []
    ended = of(goal("a", last=1), goal("b", first=2))
    assert [row["from"].day for row in touched(runs, {"s": ended})] == [2]


@pytest.mark.parametrize(
    "other",
    [
        of(replace(goal(), name="Other")),
        of(replace(goal(), condition=Event("other"))),
        of(replace(goal(), condition=Event("share", (Property("plan", "pro"),)))),
        of(replace(goal(), kind="pages", condition=Pages(1))),
        of(goal(), exclude_bots=True),
        of(),
    ],
)
def test_each_part_of_a_goal_counts(other: SiteDefinitions) -> None:
    (row,) = touched(made_with(of(goal()), 1), {"s": other})
    assert row["reason"] == "the site's goals changed"


def test_a_changed_query_is_told_before_changed_goals() -> None:
    runs = [run(json.dumps({**definitions(), "daily_goal": "another+goals"}), 1)]
    (row,) = touched(runs, {"s": of(goal())})
    assert row["reason"] == "its definition changed"


PARTNERS = ChannelRule("Partners", source=("acme",))


@pytest.mark.parametrize(
    ("before", "after"),
    [((), (PARTNERS,)), ((PARTNERS,), ()), ((PARTNERS,), (replace(PARTNERS, channel="Friends"),))],
)
def test_a_sites_rules_of_channels_touch_every_day_and_what_reads_channels(
    before: tuple[ChannelRule, ...], after: tuple[ChannelRule, ...]
) -> None:
    runs = made_with(SiteDefinitions(channel_rules=before), 1, 2)
    rows = {row["table"]: row for row in touched(runs, {"s": SiteDefinitions(channel_rules=after)})}
    assert rows["channels_restated"]["reason"] == "the site's rules of channels changed"
    assert rows["sessions_restated"]["reason"] == "reads channels_restated"
    assert {"daily_source", "touchpoints"} <= rows.keys()
    assert {row["days"] for row in rows.values()} == {2}
    assert not {"visitor_days", "friction_restated"} & rows.keys()
    assert touched(runs, {"s": SiteDefinitions(channel_rules=before)}) == []
