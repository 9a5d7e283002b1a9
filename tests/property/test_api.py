"""Whatever is posted, the API answers in its own form and never fails."""

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.property.questions import hostile
from tests.unit.serving.test_app import KEY, make_world

WORLD = make_world(Path("absent"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=15,
)


def post(body: bytes) -> tuple[int, str]:
    headers = KEY | {"Content-Type": "application/json"}
    found = WORLD.ask("POST", "/api/v1/query", content=body, headers=headers)
    if found.status_code != 200:
        assert found.headers["content-type"] == "application/problem+json"
        assert found.json()["status"] == found.status_code
    return found.status_code, found.text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hostile())
def test_hostile_questions(question: dict[str, Any]) -> None:
    status, text = post(json.dumps(question).encode())
    assert status in (200, 400, 422), text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON)
def test_any_json(body: Any) -> None:
    assert post(json.dumps(body).encode())[0] == 422


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    assert post(body)[0] in (400, 422)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_any_link(q: str) -> None:
    found = WORLD.ask("GET", "/api/v1/query", params={"q": q}, headers=KEY)
    assert found.status_code == 422
