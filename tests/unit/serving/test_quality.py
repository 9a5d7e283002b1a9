"""GET /sites/SITE/quality: findings in words, only of the caller's site."""

from pathlib import Path

import pytest

from serving.query.sql import Sql
from tests.unit.serving.fakes import NOW
from tests.unit.serving.test_app import KEY, World, make_world, problem

ROW = (NOW.date(), "sign_up", "plan", "property_vanished", 0.0, 0.5)
PATH = "/api/v1/sites/shop/quality"


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = make_world(tmp_path)
    world.lake.answer = lambda sql: [ROW]
    return world


def asked(world: World) -> Sql:
    (sql,) = world.lake.asked
    return sql


def test_a_finding_has_its_words(world: World) -> None:
    answer = world.ask("GET", f"{PATH}?from=2026-03-01&to=2026-03-20", headers=KEY)
    assert answer.status_code == 200
    (found,) = answer.json()["findings"]
    assert found["says"].startswith("A property that was there before")
    assert (found["event_name"], found["property_name"], found["usual"]) == ("sign_up", "plan", 0.5)
    assert [str(value) for value in asked(world).params] == ["shop", "2026-03-01", "2026-03-20"]


def test_a_week_is_asked_for_by_default(world: World) -> None:
    assert world.ask("GET", f"{PATH}?to=2026-03-20", headers=KEY).status_code == 200
    assert [str(value) for value in asked(world).params[1:]] == ["2026-03-13", "2026-03-20"]


def test_dates_the_wrong_way_round_are_refused(world: World) -> None:
    answer = world.ask("GET", f"{PATH}?from=2026-03-20&to=2026-03-01", headers=KEY)
    assert problem(answer, 422)["errors"][0]["loc"] == ["to"]


def test_another_site_is_refused(world: World) -> None:
    problem(world.ask("GET", "/api/v1/sites/blog/quality", headers=KEY), 403)
    assert world.lake.asked == []
