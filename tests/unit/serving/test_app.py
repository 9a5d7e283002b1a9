"""The API over a lake and a control plane in memory: who may ask, what errors look like."""

import asyncio
import base64
import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI

from schemas.load import RULES
from serving.answers import Answers
from serving.app import make_app
from serving.cache import Cache
from serving.config import Config
from serving.freshness import Freshness
from serving.funnels import FunnelsView
from serving.live.feed import LiveFeed
from serving.page import Page
from serving.parts import Parts
from serving.paths import PathsView
from serving.query.sql import Sql
from serving.realtime import LiveView
from serving.service import Service
from serving.store import Store
from tests.unit.serving.fakes import NOW, Clock, FakeLake, FakeStore

TODAY = NOW.date()
KEY = {"Authorization": "Bearer hw_api_shop"}
COOKIE = {"Cookie": "headwater_session_8080=page"}
CLOSED = ["2026-03-12", "2026-03-15"]
QUESTION = {"site": "shop", "metrics": ["page_views"], "date_range": "7d"}


def answer(sql: Sql) -> list[Any]:
    """Give 10 page views to every part, and a closed day for each of the last ten but today."""
    if "run_id" in sql.text:
        return [(TODAY - timedelta(days=n), f"run-{n}") for n in range(1, 11)]
    if "stream_progress" in sql.text:
        return [(NOW - timedelta(seconds=2),)]
    if "GROUP BY" in sql.text:
        return []
    return [(10,) * sql.text.count(" AS m")]


@dataclass
class World:
    """One app and everything around it."""

    app: FastAPI
    lake: FakeLake
    store: FakeStore
    clock: Clock

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://hw:8080") as client:
                return await client.request(method, path, **request)

        return asyncio.run(send())

    def query(self, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
        return self.ask("POST", "/api/v1/query", json=QUESTION | fields, headers=headers or KEY)


def make_world(folder: Path) -> World:
    """Put an app together over a lake and a control plane in memory."""
    lake, store, clock = FakeLake(answer), FakeStore(), Clock()
    cache = Cache(clock=clock, patience_seconds=1)
    config = Config("hw", 8080, "http://hw:8080", "", "", folder / "dist")
    freshness = Freshness(lake, clock)
    parts = Parts(
        config=config,
        lake=lake,
        store=cast(Store, store),
        service=Service(Answers(lake, cache, freshness, clock)),
        live=LiveView(lake, cache, clock),
        paths=PathsView(lake, cache, freshness, clock),
        funnels=FunnelsView(lake, cache, freshness, clock),
        feed=LiveFeed(None, RULES.live),
        page=Page(config.dashboard),
    )
    return World(make_app(parts), lake, store, clock)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = response.json()
    assert found["status"] == status
    assert found["request_id"] == response.headers["x-request-id"]
    assert {"type", "title", "detail", "instance", "code", "errors"} <= set(found)
    return found


def test_closed_days_and_today_are_added_up(world: World) -> None:
    found = world.query().json()
    assert found["totals"]["metrics"] == [20]
    assert found["rows"] == [{"dimensions": [], "metrics": [20], "comparison": None}]
    assert found["meta"]["provisional"] is True
    assert found["meta"]["freshness_seconds"] == 2


def test_the_question_is_echoed_after_defaults_and_can_be_asked_again(world: World) -> None:
    echoed = world.query().json()["query"]
    assert echoed["timezone"] == "UTC"
    assert echoed["limit"] == 100
    again = world.ask("POST", "/api/v1/query", json=echoed, headers=KEY).json()
    assert again["query"] == echoed
    assert again["meta"]["cached"] is True


def test_closed_days_are_not_read_again_but_today_is(world: World) -> None:
    world.query()
    first = len(world.lake.figures())
    world.clock.now += 5
    world.query()
    assert first == 2
    assert len(world.lake.figures()) == 3


def test_an_answer_of_closed_days_alone_keeps(world: World) -> None:
    first = world.query(date_range=CLOSED)
    world.clock.now += 30
    second = world.query(date_range=CLOSED)
    assert first.json()["meta"]["provisional"] is False
    assert first.headers["etag"] == second.headers["etag"]
    assert len(world.lake.figures()) == 1


def test_a_restated_day_is_read_again(world: World) -> None:
    first = world.query(date_range=CLOSED)
    world.clock.now += 120
    world.lake.answer = lambda sql: (
        [(date(2026, 3, day), "new") for day in range(10, 20)]
        if "run_id" in sql.text
        else answer(sql)
    )
    second = world.query(date_range=CLOSED)
    assert first.headers["etag"] != second.headers["etag"]
    assert len(world.lake.figures()) == 2


def test_a_link_gives_304_until_something_is_new(world: World) -> None:
    q = base64.urlsafe_b64encode(json.dumps(QUESTION).encode()).decode().rstrip("=")
    first = world.ask("GET", f"/api/v1/query?q={q}", headers=KEY)
    etag = first.headers["etag"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', etag)
    asked = len(world.lake.asked)
    again = world.ask("GET", f"/api/v1/query?q={q}", headers=KEY | {"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert len(world.lake.asked) == asked
    world.clock.now += 5
    later = world.ask("GET", f"/api/v1/query?q={q}", headers=KEY | {"If-None-Match": etag})
    assert later.status_code == 200


def test_while_the_lake_is_away_older_figures_come_with_their_age(world: World) -> None:
    world.query()
    world.lake.is_away = True
    world.clock.now += 90
    response = world.query()
    meta = response.json()["meta"]
    assert response.json()["totals"]["metrics"] == [20]
    assert meta["stale"] is True
    assert meta["freshness_seconds"] == 92
    assert "12:00:02" in meta["warnings"][0]
    assert "etag" not in response.headers
    assert response.headers["cache-control"] == "no-store"


def test_while_the_lake_is_away_a_new_question_gets_503(world: World) -> None:
    world.lake.is_away = True
    found = world.query()
    assert problem(found, 503)["code"] == "lake_unavailable"
    assert found.headers["retry-after"] == "5"


def test_a_batch_gives_each_its_answer_or_its_problem(world: World) -> None:
    asked = [QUESTION, QUESTION | {"metrics": ["nonsense"]}, QUESTION | {"site": "blog"}]
    found = world.ask("POST", "/api/v1/queries", json={"queries": asked}, headers=KEY).json()
    good, bad, foreign = found["answers"]
    assert good["totals"]["metrics"] == [20]
    assert bad["problem"]["errors"][0]["loc"] == ["metrics", 0]
    assert foreign["problem"]["status"] == 403


def test_equal_parts_of_a_batch_are_read_once(world: World) -> None:
    asked = [QUESTION] * 20
    world.ask("POST", "/api/v1/queries", json={"queries": asked}, headers=KEY)
    assert len(world.lake.figures()) == 2


def test_a_batch_has_at_most_20_questions(world: World) -> None:
    found = world.ask("POST", "/api/v1/queries", json={"queries": [QUESTION] * 21}, headers=KEY)
    assert problem(found, 422)["errors"][0]["loc"] == ["queries"]


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer hw_api_other"}, {"Authorization": "Basic aHc6"},
     {"Authorization": "Bearer "}, {"Cookie": "headwater_session_8080=forged"},
     {"Cookie": "headwater_session_9090=page"}],
)  # fmt: skip
def test_nobody_known_gets_401(world: World, headers: dict[str, str]) -> None:
    found = world.ask("POST", "/api/v1/query", json=QUESTION, headers=headers)
    assert problem(found, 401)["code"] == "not_signed_in"
    assert found.headers["www-authenticate"] == "Bearer"
    assert not world.lake.asked


def test_a_write_key_cannot_read(world: World) -> None:
    assert (
        "cannot read"
        in problem(world.query({"Authorization": "Bearer hw_pub_shop"}), 403)["detail"]
    )


def test_a_foreign_site_is_refused_the_same_whether_it_exists_or_not(world: World) -> None:
    for name in ("blog", "nowhere"):
        found = problem(world.query(site=name), 403)
        assert name not in found["detail"]


def test_a_page_sees_all_sites_but_none_that_is_not_there(world: World) -> None:
    assert world.query(COOKIE, site="blog").status_code == 200
    problem(world.query(COOKIE, site="nowhere"), 404)


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"},
     {"Sec-Fetch-Site": "same-site"},
     {"Content-Type": "text/plain"}, {"Origin": "null"}],
)  # fmt: skip
def test_a_foreign_page_cannot_write_with_our_cookie(world: World, headers: dict[str, str]) -> None:
    sent = {"Content-Type": "application/json"} | COOKIE | headers
    problem(world.ask("POST", "/api/v1/query", content=json.dumps(QUESTION), headers=sent), 403)


def test_our_own_page_can(world: World) -> None:
    headers = COOKIE | {"Origin": "http://hw:8080", "Sec-Fetch-Site": "same-origin"}
    assert world.query(headers).status_code == 200


@pytest.mark.parametrize(
    ("body", "loc"),
    [(b"{", []), (b"[]", []), (b'{"site":"shop"}', ["metrics"]),
     (b'{"site":"shop","metrics":["visitors"],"limit":0}', ["limit"]),
     (b'{"site":"shop","metrics":["visitors"],"surprise":1}', ["surprise"]),
     (b'{"site":"shop","metrics":"visitors"}', ["metrics"]),
     (b'{"site":"shop","metrics":["visitors"],"filters":' + b"[" * 500 + b"]" * 500 + b"}", None)],
)  # fmt: skip
def test_what_is_no_question_names_the_field(
    world: World, body: bytes, loc: list[str] | None
) -> None:
    headers = KEY | {"Content-Type": "application/json"}
    found = problem(world.ask("POST", "/api/v1/query", content=body, headers=headers), 422)
    assert loc is None or found["errors"][0]["loc"][: len(loc)] == loc


def test_a_body_that_is_no_text_is_refused(world: World) -> None:
    headers = KEY | {"Content-Type": "application/json"}
    problem(world.ask("POST", "/api/v1/query", content=b"\xff", headers=headers), 400)


def test_a_body_without_end_is_cut_off(world: World) -> None:
    headers = KEY | {"Content-Type": "application/json"}
    found = world.ask("POST", "/api/v1/query", content=b" " * 300_000, headers=headers)
    problem(found, 413)


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/", "/api", "/api/v2/query"])
def test_unknown_addresses_are_problems_too(world: World, path: str) -> None:
    problem(world.ask("GET", path), 404)
    problem(world.ask("DELETE", "/api/v1/query"), 405)


def test_a_crash_tells_nothing_but_its_id(world: World) -> None:
    def broken(_: Sql) -> Any:
        raise RuntimeError("secret words")

    world.lake.answer = broken
    found = problem(world.query(), 500)
    assert "secret" not in json.dumps(found)


def test_the_sender_may_name_the_request(world: World) -> None:
    found = world.ask("GET", "/health", headers={"X-Request-Id": "abcd-1234"})
    assert found.headers["x-request-id"] == "abcd-1234"
    assert (
        world.ask("GET", "/health", headers={"X-Request-Id": "a b"}).headers["x-request-id"]
        != "a b"
    )


def test_the_documentation_page_needs_no_other_host(world: World) -> None:
    page = world.ask("GET", "/docs")
    assert page.status_code == 200
    assert "POST /api/v1/query" in page.text
    assert not re.search(r"(src|href)=\"https?:", page.text)


def test_realtime_has_30_minutes_without_gaps(world: World) -> None:
    found = world.ask("GET", "/api/v1/sites/shop/realtime", headers=KEY).json()
    assert [window["minutes"] for window in found["windows"]] == [5, 30]
    minutes = [one["minute"] for one in found["by_minute"]]
    assert len(minutes) == 30
    assert minutes[-1] == "2026-03-20T12:00:00Z"


def test_realtime_outlives_the_lake(world: World) -> None:
    world.ask("GET", "/api/v1/sites/shop/realtime", headers=KEY)
    world.lake.is_away = True
    world.clock.now += 60
    found = world.ask("GET", "/api/v1/sites/shop/realtime", headers=KEY).json()
    assert found["stale_seconds"] == 60


def test_live_events_are_of_a_site_that_one_may_read(world: World) -> None:
    for kind in ("events", "friction"):
        problem(world.ask("GET", f"/api/v1/sites/shop/{kind}/live"), 401)
        problem(world.ask("GET", f"/api/v1/sites/blog/{kind}/live", headers=KEY), 403)
        found = world.ask("GET", f"/api/v1/sites/shop/{kind}/live", headers=KEY)
        assert problem(found, 503)["code"] == "live_unavailable"  # this world has no Kafka
        assert found.headers["retry-after"]


def test_friction_of_no_known_kind_is_refused(world: World) -> None:
    path = "/api/v1/sites/shop/friction/live?kind=rage_click&kind=anger"
    found = problem(world.ask("GET", path, headers=KEY), 422)["errors"][0]
    assert found["loc"] == ["kind", 1]
    assert "dead_click" in found["fix"]


def test_totals_of_a_series_are_added_up_but_for_distinct_visitors(world: World) -> None:
    def counted(sql: Sql) -> list[Any]:
        if "GROUP BY 1" in sql.text:
            day = sql.params[1] if isinstance(sql.params[1], date) else TODAY
            return [(day, *[1] * sql.text.count(" AS m"))]
        return answer(sql)

    world.lake.answer = counted
    found = world.query(metrics=["visitors", "page_views", "sessions"], dimensions=["time:day"])
    assert found.json()["totals"]["metrics"] == [10, 2, 2]  # two parts, one row in each
    whole = [sql for sql in world.lake.figures() if "GROUP BY" not in sql.text]
    assert len(whole) == 1


def test_totals_nobody_wants_are_not_read(world: World) -> None:
    assert world.query(dimensions=["page"], totals=False).json()["totals"] is None
    assert len(world.lake.figures()) == 1
