"""POST /sites/SITE/funnels/ask: how far visitors come, only of the caller's site."""

from pathlib import Path
from typing import Any

import pytest

from schemas.load import RULES
from serving.lake import Records
from serving.query.files import compose
from serving.query.sql import Sql, sql
from tests.unit.serving.test_app import KEY, World, answer, make_world, problem

PATH = "/api/v1/sites/shop/funnels/ask"
STEPS: list[dict[str, Any]] = [
    {"match": "exact", "path": "/pricing"},
    {"event_name": "sign_up", "optional": True},
    {"event_name": "purchase"},
]
ROWS: Records = [
    (True, None, None, 1, 8, 0.0, 0.0),
    (True, None, None, 2, 2, 1500.0, 2000.0),
    (True, None, None, 3, 6, 4000.0, 9000.5),
    (False, True, "DE", 1, 2, 0.0, 0.0),
    (False, True, "FR", 1, 5, 0.0, 0.0),
    (False, True, "FR", 3, 5, 4000.0, 9000.5),
    (False, False, None, 1, 1, 0.0, 0.0),
]


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = make_world(tmp_path)
    world.lake.answer = lambda sql: ROWS if "happened" in sql.text else answer(sql)
    return world


def found(world: World, **request: Any) -> dict[str, Any]:
    response = world.ask("POST", PATH, json={"steps": STEPS, **request}, headers=KEY)
    assert response.status_code == 200, response.text
    answered: dict[str, Any] = response.json()
    return answered


def asked(world: World) -> list[Sql]:
    return [sql for sql in world.lake.asked if "happened" in sql.text]


def refused(world: World, **request: Any) -> dict[str, Any]:
    response = world.ask("POST", PATH, json={"steps": STEPS, **request}, headers=KEY)
    assert asked(world) == []
    error: dict[str, Any] = problem(response, 422)["errors"][0]
    return error


def test_each_step_beside_the_last_required_one(world: World) -> None:
    told = found(world)
    assert told["order"] == "ordered"
    assert told["window_seconds"] == RULES.funnels.window_seconds
    assert told["steps"] == [
        {
            "step": 1, "optional": False, "visitors": 8, "share_of_first": 1.0,
            "share_of_previous": None, "drop_offs": None, "median_seconds": None,
            "p90_seconds": None,
        },
        {
            "step": 2, "optional": True, "visitors": 2, "share_of_first": 0.25,
            "share_of_previous": 0.25, "drop_offs": None, "median_seconds": 1.5,
            "p90_seconds": 2.0,
        },
        {
            "step": 3, "optional": False, "visitors": 6, "share_of_first": 0.75,
            "share_of_previous": 0.75, "drop_offs": 2, "median_seconds": 4.0,
            "p90_seconds": 9.0005,
        },
    ]  # fmt: skip


def test_values_with_most_visitors_first_and_the_others_last(world: World) -> None:
    groups = found(world, breakdown="country")["breakdown"]
    assert [(group["value"], group["other"]) for group in groups] == [
        ("FR", False), ("DE", False), (None, True),
    ]  # fmt: skip
    assert [step["visitors"] for step in groups[1]["steps"]] == [2, 0, 0]
    assert [step["drop_offs"] for step in groups[1]["steps"]] == [None, None, 2]


def test_a_week_is_asked_for_by_default_and_a_window_more_is_read(world: World) -> None:
    found(world, window_seconds=60)
    (sql,) = asked(world)
    times = sorted({str(param) for param in sql.params if hasattr(param, "hour")})
    assert times == [
        "2026-03-14 00:00:00+00:00", "2026-03-21 00:00:00+00:00", "2026-03-21 00:01:00+00:00",
    ]  # fmt: skip


def test_all_that_is_asked_is_a_parameter(world: World) -> None:
    nasty = "' OR ${site_id} ? --"
    step = {"event_name": nasty, "match": "contains", "path": nasty}
    has = [{"name": nasty, "value": nasty}]
    for order in ("ordered", "strict", "any"):
        exclusion = {"event_name": nasty, "properties": has}
        found(world, steps=[step, {**step, "properties": has}], exclusions=[exclusion], order=order)
    assert len(asked(world)) == 3
    for statement in asked(world):
        assert nasty not in statement.text
        assert statement.params.count(nasty) == 10
        assert statement.text.count("?") == len(statement.params)


@pytest.mark.parametrize(("last", "is_open"), [("2026-03-18", False), ("2026-03-19", True)])
def test_what_is_over_is_read_once_its_window_too(world: World, last: str, is_open: bool) -> None:
    for _ in range(2):
        told = found(world, window_seconds=60, **{"from": "2026-03-12", "to": last})
        world.clock.now += 60
    assert told["meta"]["provisional"] is is_open
    assert len(asked(world)) == 1 + is_open


def test_older_figures_come_with_their_age_while_trino_is_away(world: World) -> None:
    found(world)
    world.clock.now += 10
    world.lake.is_away = True
    meta = found(world)["meta"]
    assert meta["stale"] is True
    assert meta["warnings"]


PAGE, EVENT = STEPS[0], STEPS[2]


@pytest.mark.parametrize(
    ("request_body", "place"),
    [
        ({"steps": [PAGE]}, ["steps"]),
        ({"steps": [PAGE] * (RULES.funnels.max_steps + 1)}, ["steps"]),
        ({"steps": [{**PAGE, "optional": True}, EVENT]}, ["steps", 0, "optional"]),
        ({"steps": [PAGE, {}]}, ["steps", 1]),
        ({"steps": [PAGE, {"path": "/x"}]}, ["steps", 1, "match"]),
        ({"steps": [PAGE, {"match": "exact", "path": "x"}]}, ["steps", 1, "path"]),
        ({"steps": [PAGE, {"match": "regex", "path": "(?=x)"}]}, ["steps", 1, "path"]),
        ({"steps": [PAGE, {"match": "near", "path": "/x"}]}, ["steps", 1, "match"]),
        ({"steps": [PAGE, {"event_name": ""}]}, ["steps", 1, "event_name"]),
        ({"steps": [PAGE, {"event_name": "x\0"}]}, ["steps", 1, "event_name"]),
        ({"steps": [PAGE, {**EVENT, "properties": [{"name": "", "value": "x"}]}]},
         ["steps", 1, "properties"]),
        ({"order": "random"}, ["order"]),
        ({"window_seconds": 0}, ["window_seconds"]),
        ({"window_seconds": RULES.funnels.max_window_seconds + 1}, ["window_seconds"]),
        ({"exclusions": [{}]}, ["exclusions", 0]),
        ({"exclusions": [EVENT] * (RULES.funnels.max_exclusions + 1)}, ["exclusions"]),
        ({"exclusions": [{**EVENT, "after_step": 2, "before_step": 2}]},
         ["exclusions", 0, "before_step"]),
        ({"exclusions": [{**EVENT, "before_step": 4}]}, ["exclusions", 0, "before_step"]),
        ({"exclusions": [{**EVENT, "after_step": 2}], "order": "any"},
         ["exclusions", 0, "after_step"]),
        ({"from": "2026-03-20", "to": "2026-03-01"}, ["to"]),
        ({"from": "0001-01-01"}, ["from"]),
        ({"to": "9999-12-31"}, ["to"]),
        ({"breakdown": "entry_page"}, ["breakdown"]),
        ({"breakdown": "'"}, ["breakdown"]),
        ({"breakdown": ""}, ["breakdown"]),
        ({"values": RULES.funnels.max_values + 1}, ["values"]),
        ({"more": 1}, ["more"]),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(
    world: World, request_body: dict[str, Any], place: list[str | int]
) -> None:
    assert refused(world, **request_body)["loc"] == place


def test_another_site_is_refused(world: World) -> None:
    path = "/api/v1/sites/blog/funnels/ask"
    problem(world.ask("POST", path, json={"steps": STEPS}, headers=KEY), 403)
    assert world.lake.asked == []


@pytest.mark.parametrize("parts", [{}, {"count": sql("?", 1), "more": sql("?", 1)}])
def test_a_place_left_empty_or_a_part_without_one_is_an_error(parts: dict[str, Sql]) -> None:
    with pytest.raises(ValueError, match=r"funnel_in_any_order\.sql and its parts differ"):
        compose("funnel_in_any_order", parts)
