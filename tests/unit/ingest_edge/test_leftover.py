"""What the edge has no column for is kept in `properties`."""

import json
from typing import Any

import pytest

from tests.unit.ingest_edge.fakes import PUB, SEC, Caller

MESSAGE = {"type": "track", "event": "x", "anonymousId": "v"}


def properties_of(edge: Caller, key: str = PUB, **fields: Any) -> Any:
    """Return the decoded properties of one message with these fields."""
    answer = edge.batch({**MESSAGE, **fields}, key=key)
    assert answer.status_code == 200, answer.text
    text = edge.events()[-1].get("properties")
    return None if text is None else json.loads(text)


def test_unknown_context_stands_beside_the_properties(edge: Caller) -> None:
    context = {
        "page": {"url": "https://x.example/", "tab": 3},
        "app": {"name": "shop", "build": 7},
        "locale": "de",
        "library": {"name": "a", "version": "1"},
    }
    found = properties_of(edge, properties={"a": 1}, context=context)
    assert found == {"a": 1, "context": {"page": {"tab": 3}, "app": {"name": "shop", "build": 7}}}
    event = edge.events()[-1]
    assert (event["page_url"], event["language"]) == ("https://x.example/", "de")


def test_context_of_the_batch_counts_for_messages_without_one(edge: Caller) -> None:
    edge.batch(MESSAGE, {**MESSAGE, "context": {"os": "y"}}, context={"os": "x", "locale": "de"})
    texts = [(event["properties"], event.get("language")) for event in edge.events()]
    assert texts == [('{"context":{"os":"x"}}', "de"), ('{"context":{"os":"y"}}', None)]


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        (None, {"context": {"app": 1}}),
        ({}, {"context": {"app": 1}}),
        ({"context": "mine"}, {"context": "mine", "context_": {"app": 1}}),
    ],
)
def test_no_property_of_the_sender_is_overwritten(
    edge: Caller, properties: Any, expected: Any
) -> None:
    assert properties_of(edge, properties=properties, context={"app": 1}) == expected


def test_fields_of_calls_without_a_column_are_kept(edge: Caller) -> None:
    group = properties_of(edge, type="group", groupId="g1", traits={"plan": "pro"})
    assert group == {"plan": "pro", "groupId": "g1"}
    assert properties_of(edge, type="alias", previousId="p") == {"previousId": "p"}
    assert properties_of(edge, type="page", name="Home", category="c", integrations={}) == {
        "name": "Home",
        "category": "c",
    }


def test_sender_bytes_are_not_written_anew(edge: Caller) -> None:
    text = '{"a": 1.50, "b":"\\u0041", "c":{}}'
    body = '{"event":"x","anonymousId":"v","context":{"z":2.0},"properties":' + text + "}"
    assert edge.post("/v1/track", body.encode()).status_code == 200
    assert edge.events()[-1]["properties"] == text[:-1] + ',"context":{"z":2.0}}'


@pytest.mark.parametrize("key", [PUB, SEC])
def test_addresses_are_taken_out_of_what_is_kept(edge: Caller, key: str) -> None:
    context = {"ip": "81.2.69.142", "network": {"ip": "81.2.69.142", "wifi": True}}
    assert properties_of(edge, key, context=context) == {"context": {"network": {"wifi": True}}}


@pytest.mark.parametrize(
    ("context", "loc"),
    [
        ("x", "batch[0].context"),
        ([1], "batch[0].context"),
        ({"page": {"url": 5}}, "batch[0].context.page.url"),
        ({"page": {"url": 5}, "more": 1}, "batch[0].context.page.url"),
        ({"page": 5, "more": 1}, "batch[0].context.page"),
    ],
)
def test_wrong_context_names_its_place(edge: Caller, context: Any, loc: str) -> None:
    answer = edge.batch({**MESSAGE, "context": context})
    assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (400, loc)


def test_large_context_counts_for_the_size_of_an_event(edge: Caller) -> None:
    answer = edge.batch({**MESSAGE, "context": {"x": "x" * 32_000}})
    assert (answer.status_code, answer.json()["code"]) == (400, "event_too_large")


def test_refused_event_is_kept_without_the_address_it_names(edge: Caller) -> None:
    context = {"ip": "81.2.69.142", "page": {"url": 5}}
    edge.batch({**MESSAGE, "context": context, "properties": {"note": "81.2.69.142"}}, key=SEC)
    (refused,) = edge.sink.values("rejected-events")
    assert "81.2.69.142" not in refused["payload"]
    assert "[address]" in refused["payload"]
