"""Questions over HTTP: the names they may use, and what is too much for one."""

from pathlib import Path
from typing import Any, cast

import pytest

from schemas.load import DIMENSIONS
from serving.query.compiler import MAX_GROUPS
from serving.query.sql import Sql
from tests.unit.serving.test_app import KEY, World, answer, make_world, problem


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def test_the_dictionary_tells_what_a_property_is_asked_by(world: World) -> None:
    told = world.ask("GET", "/api/v1/metrics", headers=KEY).json()["dimensions"]
    (keyed,) = [one for one in told if one["name"] == "property:NAME"]
    assert keyed["sources"] == ["analytics.events"]
    assert len(told) == len(DIMENSIONS) + 1


def test_an_earlier_period_of_too_many_combinations_is_no_lot_of_zeros(world: World) -> None:
    def counted(sql: Sql) -> list[Any]:
        if sql.text.endswith("LIMIT ?"):
            return [(f"/{n}", 1) for n in range(min(MAX_GROUPS + 1, cast(int, sql.params[-1])))]
        return answer(sql)

    world.lake.answer = counted
    asked: dict[str, Any] = {"dimensions": ["page"], "limit": 10}
    assert len(world.query(**asked).json()["rows"]) == 10
    found = problem(world.query(**asked, compare="previous_period"), 422)["errors"][0]
    assert found["loc"] == ["dimensions"]
    assert "compare" in found["fix"]
