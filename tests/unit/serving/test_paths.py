"""GET /sites/SITE/paths: steps and their drop-off, only of the caller's site."""

from pathlib import Path
from typing import Any

import pytest

from serving.lake import Records
from serving.query.sql import Sql
from tests.unit.serving.test_app import KEY, World, answer, make_world, problem

PATH = "/api/v1/sites/shop/paths"
LINKS: Records = [
    (1, "(entry)", "/a", False, 5, 1),
    (2, "/a", "/b", False, 2, 1),
    (2, "/a", "(exit)", True, 3, 0),
    (3, "/b", "(more)", True, 2, 1),
]


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = make_world(tmp_path)
    world.lake.answer = lambda sql: LINKS if "session_pages" in sql.text else answer(sql)
    return world


def found(world: World, query: str = "") -> dict[str, Any]:
    response = world.ask("GET", PATH + query, headers=KEY)
    assert response.status_code == 200, response.text
    answered: dict[str, Any] = response.json()
    return answered


def asked(world: World) -> list[Sql]:
    return [sql for sql in world.lake.asked if "session_pages" in sql.text]


def test_sessions_of_a_step_go_on_or_drop_off(world: World) -> None:
    told = found(world)
    assert told["steps"] == [
        {"step": 1, "sessions": 5, "drop_offs": 3},
        {"step": 2, "sessions": 2, "drop_offs": 0},
    ]
    assert told["links"][1] == {
        "step": 2, "from_page": "/a", "to_page": "/b", "sessions": 2, "converted_sessions": 1,
    }  # fmt: skip


def test_how_fresh_it_is_and_whether_it_may_change(world: World) -> None:
    assert found(world)["meta"]["provisional"] is True
    meta = found(world, "?from=2026-03-12&to=2026-03-15")["meta"]
    assert (meta["provisional"], meta["freshness_seconds"]) == (False, 2)


def test_a_week_is_asked_for_by_default(world: World) -> None:
    found(world)
    (sql,) = asked(world)
    assert [str(value) for value in sql.params[5:8]] == ["shop", "2026-03-14", "2026-03-20"]


def test_all_that_is_asked_is_a_parameter(world: World) -> None:
    found(world, "?direction=backward&page=/x'y&steps=3&pages=4&channel=Email&device=mobile")
    (sql,) = asked(world)
    assert sql.params[:5] == ("backward", "/x'y", "Email", "mobile", False)
    assert sql.params[8:] == (3, 3, 3, 4)
    assert "/x'y" not in sql.text


def test_closed_days_are_read_once(world: World) -> None:
    for _ in range(2):
        found(world, "?from=2026-03-12&to=2026-03-15")
        world.clock.now += 60
    assert len(asked(world)) == 1


def test_older_figures_come_with_their_age_while_trino_is_away(world: World) -> None:
    found(world)
    world.clock.now += 10
    world.lake.is_away = True
    meta = found(world)["meta"]
    assert meta["stale"] is True
    assert meta["warnings"]


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("?from=2026-03-20&to=2026-03-01", ["to"]),
        ("?from=0001-01-01", ["from"]),
        ("?to=9999-12-31", ["to"]),
        ("?to=0001-01-01", ["to"]),
        ("?steps=0", ["steps"]),
        ("?steps=101", ["steps"]),
        ("?pages=0", ["pages"]),
        ("?direction=up", ["direction"]),
    ],
)
def test_what_makes_no_sense_is_refused(world: World, query: str, place: list[str]) -> None:
    errors = problem(world.ask("GET", PATH + query, headers=KEY), 422)["errors"]
    assert errors[0]["loc"] == place
    assert world.lake.asked == []


def test_another_site_is_refused(world: World) -> None:
    problem(world.ask("GET", "/api/v1/sites/blog/paths", headers=KEY), 403)
    assert world.lake.asked == []
