"""All routes of OpenAPI: what each is called, and that none gives a key a foreign site."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.unit.serving.test_app import KEY, World, make_world, problem

FOREIGN: Final[dict[str, Any]] = {
    "site": "blog", "metrics": ["visitors"], "dates": ["2026-03-01"],
}  # fmt: skip
STEPS: Final = [{"event_name": "sign_up"}, {"event_name": "purchase"}]
NOTE: Final = {"text": "Sale", "date": "2026-03-10"}
# What each route of a site takes that takes something; a route without its body is a gap here.
BODIES: Final[dict[str, dict[str, Any]]] = {
    "add_goal": {"goal_id": "g", "kind": "pages", "condition": {"at_least": 2}},
    "add_annotation": NOTE,
    "change_annotation": NOTE,
    "request_export": {"table": "users"},
    "funnel": {"steps": STEPS},
    "add_funnel": {"funnel_id": "f", "steps": STEPS},
}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def routes(world: World) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in world.app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def test_no_route_gives_a_key_a_foreign_site(world: World) -> None:
    """Walk all routes of OpenAPI with the id of a site that the key may not read."""
    walked = 0
    q = base64.urlsafe_b64encode(json.dumps(FOREIGN | {"dates": None}).encode()).decode()
    for path, method, _ in routes(world):
        before = len(world.lake.figures())
        target = path.replace("{site}", "blog").replace("{restatement_id}", "1")
        for body in (FOREIGN, {k: FOREIGN[k] for k in ("site", "metrics")},
                     {k: FOREIGN[k] for k in ("site", "dates")},
                     {"queries": [{k: FOREIGN[k] for k in ("site", "metrics")}]}):  # fmt: skip
            found = world.ask(method, target, json=body, headers=KEY, params={"q": q})
            assert found.status_code < 500
            assert '"site":"blog"' not in found.text.replace(" ", "")
            assert "Blog" not in found.text
        assert len(world.lake.figures()) == before
        walked += 1
    assert walked >= 9


def test_every_route_of_a_site_refuses_a_foreign_one_before_all_else(world: World) -> None:
    taking = set()
    for path, method, operation in routes(world):
        if "{site}" not in path:
            continue
        body = None
        if "requestBody" in operation:
            taking.add(operation["operationId"])
            body = BODIES[operation["operationId"]]
        for site in ("blog", "nowhere"):
            found = world.ask(method, path.replace("{site}", site), json=body, headers=KEY)
            assert problem(found, 403)["code"] == "forbidden"
    assert taking == BODIES.keys()
    assert world.store.called == []
    assert world.lake.asked == []


def test_every_route_of_the_api_has_a_stable_name_and_words(world: World) -> None:
    operations = [operation for _, _, operation in routes(world)]
    assert sorted(operation["operationId"] for operation in operations) == [
        "add_annotation", "add_funnel", "add_goal", "change_annotation", "dictionary", "export",
        "export_file", "funnel", "list_annotations", "list_exports", "list_funnels", "list_goals",
        "list_sites", "live_events", "live_friction", "paths", "quality", "queries",
        "queries_by_link", "query", "query_by_link", "realtime", "remove_annotation",
        "remove_funnel", "remove_goal", "request_export", "request_restatement", "restatement",
        "saved_funnel"]  # fmt: skip
    assert all(operation.get("description") for operation in operations)
