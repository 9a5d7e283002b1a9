"""Bodies for the edge's routes, made from its own OpenAPI document, some of them then spoilt."""

import copy
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from ingest_edge.openapi import document
from ingest_edge.routes.table import ROUTES, Route

DOCUMENT = document()
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | TEXT
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def described_by(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return values that a schema of the document allows."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return described_by(DOCUMENT["components"]["schemas"][name])
    if "anyOf" in schema:
        return st.one_of([described_by(option) for option in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    return _PLAIN.get(schema.get("type", ""), _anything)(schema)


def _object(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "properties" not in schema:
        return st.dictionaries(TEXT, ANYTHING, max_size=3)
    fields = {name: described_by(one) for name, one in schema["properties"].items()}
    required = set(schema.get("required", ()))
    return st.fixed_dictionaries(
        {name: field for name, field in fields.items() if name in required},
        optional={name: field for name, field in fields.items() if name not in required},
    )


def _anything(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    return ANYTHING


_PLAIN: dict[str, Callable[[dict[str, Any]], st.SearchStrategy[Any]]] = {
    "object": _object,
    "array": lambda schema: st.lists(described_by(schema.get("items", {})), max_size=3),
    "string": lambda schema: st.text(
        st.characters(exclude_categories=["Cs"]),
        min_size=schema.get("minLength", 0),
        max_size=schema.get("maxLength", 12),
    ),
    "integer": lambda schema: st.integers(
        schema.get("minimum", -(2**63)), schema.get("maximum", 2**63 - 1)
    ),
    "number": lambda schema: st.floats(allow_nan=False, allow_infinity=False),
    "boolean": lambda schema: st.booleans(),
    "null": lambda schema: st.none(),
}


def spoilt(body: Any, value: Any, turns: list[int]) -> Any:
    """Return the body with one value in it replaced; the turns lead to it."""
    body = copy.deepcopy(body)
    place = body
    for turn in turns:
        keys: list[Any] = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            break
        key = keys[turn % len(keys)]
        if not isinstance(place[key], dict | list) or not place[key] or turn == turns[-1]:
            place[key] = value
            return body
        place = place[key]
    return value


def bodies(route: Route) -> st.SearchStrategy[Any]:
    """Return bodies as the document has them, and such with a fault in them."""
    content = DOCUMENT["paths"][route.path]["post"]["requestBody"]["content"]
    described = described_by(content["application/json"]["schema"])
    turns = st.lists(st.integers(0, 20), min_size=1, max_size=4)
    return described | st.builds(spoilt, described, ANYTHING, turns) | ANYTHING


STRATEGIES = {route.path: bodies(route) for route in ROUTES}


def concrete(path: str) -> str:
    """Return a path with names filled in."""
    return path.format(site_id="shop", vendor="stripe") if "{" in path else path


def check(path: str, status: int, answer: Any) -> None:
    """Hold an answer to what the document promises for the path."""
    assert str(status) in DOCUMENT["paths"][path]["post"]["responses"], (status, answer)
    assert status < 500, answer
    if status >= 400:
        assert answer["status"] == status
        assert answer["code"]
        assert answer["errors"]
        for fault in answer["errors"]:
            assert fault["loc"]
            assert fault["msg"]
            assert fault["fix"]
