"""Goals that can be asked for, and what is said of those that cannot."""

import json
from datetime import date
from typing import Any

import pytest

from schemas.goals import (
    Destination,
    Duration,
    Event,
    Goal,
    InvalidCondition,
    Pages,
    Property,
    SiteGoals,
    checked_goal_id,
    checked_name,
    condition_as_json,
    condition_of,
)
from schemas.load import RULES
from schemas.pattern import fault_of

LONG = "x" * (RULES.goals.text_length + 1)
PRO = {"name": "plan", "value": "pro"}


@pytest.mark.parametrize(
    ("kind", "given", "condition"),
    [
        ("destination", {"match": "exact", "path": "/a"}, Destination("exact", "/a")),
        ("destination", {"match": "contains", "path": "("}, Destination("contains", "(")),
        ("destination", {"match": "regex", "path": "^/a$"}, Destination("regex", "^/a$")),
        ("event", {"event_name": "signup"}, Event("signup")),
        ("event", {"event_name": "a", "properties": [PRO]}, Event("a", (Property("plan", "pro"),))),
        ("duration", {"at_least": 1}, Duration(1)),
        ("pages", {"at_least": 3}, Pages(3)),
    ],
)
def test_what_was_kept_is_read_again(kind: str, given: dict[str, Any], condition: object) -> None:
    found = condition_of(kind, given)
    assert found == condition
    kept = json.loads(json.dumps(condition_as_json(found)))
    assert condition_of(kind, kept) == condition


@pytest.mark.parametrize(
    ("kind", "given", "field"),
    [
        ("funnel", {}, "kind"),
        ("destination", {"path": "/a"}, "match"),
        ("destination", {"match": "like", "path": "/a"}, "match"),
        ("destination", {"match": "exact"}, "path"),
        ("destination", {"match": "exact", "path": ""}, "path"),
        ("destination", {"match": "exact", "path": "thanks"}, "path"),
        ("destination", {"match": "regex", "path": "("}, "path"),
        ("destination", {"match": "contains", "path": "a\0"}, "path"),
        ("destination", {"match": "contains", "path": "\ud800"}, "path"),
        ("destination", {"match": "contains", "path": LONG}, "path"),
        ("destination", {"match": "exact", "path": "/a", "at_least": 1}, "at_least"),
        ("event", {}, "event_name"),
        ("event", {"event_name": 7}, "event_name"),
        ("event", {"event_name": "a", "properties": "plan=pro"}, "properties"),
        ("event", {"event_name": "a", "properties": [{"name": "plan"}]}, "properties"),
        ("event", {"event_name": "a", "properties": [PRO | {"op": "is"}]}, "properties"),
        ("event", {"event_name": "a", "properties": [PRO | {"value": 10}]}, "properties"),
        ("event", {"event_name": "a", "properties": [PRO] * 11}, "properties"),
        ("duration", {}, "at_least"),
        ("duration", {"at_least": 0}, "at_least"),
        ("duration", {"at_least": 1.5}, "at_least"),
        ("pages", {"at_least": True}, "at_least"),
        ("pages", {"at_least": RULES.goals.max_at_least + 1}, "at_least"),
    ],
)
def test_what_is_wrong_is_named_with_what_to_do(
    kind: str, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidCondition) as caught:
        condition_of(kind, given)
    assert caught.value.field == field
    assert str(caught.value).endswith(".")
    assert caught.value.fix.endswith(".")


@pytest.mark.parametrize("wrong", ["", "A", "-a", "a b", "a" * 64, "ä"])
def test_an_id_is_a_slug(wrong: str) -> None:
    with pytest.raises(InvalidCondition, match="goal id"):
        checked_goal_id(wrong)


def test_a_name_is_a_text_of_some_length() -> None:
    assert checked_name(" Signed up ") == "Signed up"
    with pytest.raises(InvalidCondition):
        checked_name("x" * (RULES.goals.name_length + 1))


@pytest.mark.parametrize(
    "pattern",
    ["^/blog/", r"^/p/\d{1,4}$", "a|b", "[^/]+", r"(?:a|b)*?c", r"[a-z\d._-]{2,}", "é+", "(a+)+",
     "a{3}b{4}", r"\.html$", "[:al]", "()"],
)  # fmt: skip
def test_a_pattern_that_all_engines_read_alike_is_accepted(pattern: str) -> None:
    assert fault_of(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "what"),
    [("", "empty"), ("a" * 251, "251 characters"), ("(", "unterminated"), ("a)", "unbalanced"),
     ("*a", "nothing to repeat"), ("a**", "nothing to repeat"), ("a*+", "nothing to repeat"),
     ("^*", "nothing to repeat"), ("(|?)", "nothing to repeat"), ("a{101}", "more than 100"),
     ("a{1,1000}", "more than 100"), ("(a{9}b){9}", "counts repeats"),
     ("((a{9})b){9}", "counts repeats"), ("x{2,1}", "min repeat"), ("[z-a]", "bad character range"),
     ("(?i)a", "character 2"), ("(?=a)", "character 2"), ("(?<=a)b", "character 2"),
     ("(?P<n>a)", "character 2"), (r"(a)\1", "character 4"), ("[a&&b]", "character 1"),
     ("[[:alpha:]]", "character 1"), (r"\p{L}", "character 1"), (r"\Qa", "character 1"),
     ("a]", "character 2"), ("a{", "character 2"), ("a\\", "character 2")],
)  # fmt: skip
def test_another_pattern_is_refused_with_the_place(pattern: str, what: str) -> None:
    assert what in (fault_of(pattern) or "")


def goal(**changes: Any) -> Goal:
    given: dict[str, Any] = {"counts_from": date(2026, 3, 2), "counts_until": None, **changes}
    return Goal("g", "G", "pages", Pages(2), **given)


def test_a_goal_counts_from_its_first_day_to_its_last() -> None:
    days = [date(2026, 3, day) for day in (1, 2, 3)]
    assert [goal().counts_on(day) for day in days] == [False, True, True]
    ended = goal(counts_until=date(2026, 3, 2))
    assert [ended.counts_on(day) for day in days] == [False, True, False]


def test_a_value_that_reads_as_a_number_is_compared_as_one_too() -> None:
    values = ("10", "-0.5", "1e3", "Infinity", "10 ", "0x1", "1" * 16)
    properties = tuple(Property("p", value) for value in values)
    event = Goal("g", "G", "event", Event("e", properties), date(2026, 1, 1))
    (row,) = json.loads(SiteGoals((event,)).as_json())
    assert [one["number"] for one in row["properties"]] == [10, -0.5] + [None] * 5
    assert row["counts_until"] == "9999-12-31"
