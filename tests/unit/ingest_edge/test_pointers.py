"""Pointer moves and scroll depths go to a topic of their own; what is none is refused by name."""

from functools import partial
from typing import Any

import pytest

from schemas.load import RECORDS, RULES
from schemas.wire import problems
from tests.unit.ingest_edge.fakes import NOW, SEC, Caller
from tests.unit.ingest_edge.test_tracker_batch import VIEW, batch

PAGE = "https://shop.example/cart?secret=1"


def moves(properties: dict[str, Any] | None = None, **columns: Any) -> dict[str, Any]:
    own = {"event_id": "m1", "event_name": "pointer_moves", "page_view_id": "p1", "page_url": PAGE}
    usual = {"points": [[0, 512, 940], [105, 530, 1_002]], "document_height_px": 3_000}
    return own | {"client_at": NOW - 50, "properties": properties or usual} | columns


def sent(edge: Caller, *events: Any, **shared: Any) -> list[dict[str, Any]]:
    """Post a tracker's batch, all of it taken; return what stands in topic pointers."""
    answer = edge.post("/e", batch(*events, **shared), key=None)
    assert (answer.status_code, answer.json()["dropped"]) == (200, [])
    return edge.sink.values("pointers")


def test_moves_leave_the_events_and_keep_who_where_and_when(edge: Caller) -> None:
    (kept,) = sent(edge, VIEW, moves(), viewport_width_px=1_280)
    assert [event["event_name"] for event in edge.events()] == ["page_view"]
    assert problems(RECORDS["pointer_batch"], kept) == []
    assert kept == {
        "record_kind": "pointers", "site_id": "shop", "event_id": "m1", "visitor_id": "v1",
        "page_view_id": "p1", "client_at": NOW - 50, "sent_at": NOW, "received_at": NOW,
        "event_at": NOW - 50, "event_date": "2026-09-21", "sender": "browser",
        "page_host": "shop.example", "page_path": "/cart", "viewport_width_px": 1_280,
        "document_height_px": 3_000, "points": "512,940 530,1002", "is_bot": False,
        "is_flood": False,
    }  # fmt: skip
    view, moved = edge.sink.records
    assert (view.key, view.topic) == (moved.key, "events")
    assert moved.schema == "pointer_batch.1"


def test_depth_is_kept_where_it_is_newly_reached(edge: Caller) -> None:
    deeper = moves({"scroll_from_percent": 25}, scroll_percent=60)
    no_deeper = moves({"points": [[0, 1, 2]], "scroll_from_percent": 60}, scroll_percent=60)
    first, second = sent(edge, deeper, no_deeper)
    assert (first["scroll_from_percent"], first["scroll_percent"]) == (25, 60)
    assert {"scroll_from_percent", "scroll_percent"} & second.keys() == set()


def test_places_outside_of_the_page_are_moved_to_its_edge(edge: Caller) -> None:
    lowest = RULES.heatmap.max_height_px
    (kept,) = sent(edge, moves({"points": [[0, -3, 7.6], [9, 1_004.2, 10**12], [9, 1e300, 0]]}))
    assert kept["points"] == f"0,8 1000,{lowest} 1000,0"


@pytest.mark.parametrize(
    ("event", "loc"),
    [
        (moves({"a": 1}), "properties"),
        (moves({"points": []}), "properties"),
        (moves({"points": [[0, 1]]}), "properties.points[0]"),
        (moves({"points": "1,2"}), "properties.points"),
        (moves({"points": [[0, 1, 2]] * (RULES.heatmap.max_points + 1)}), "properties.points"),
        (moves({"points": [[0, 1, 2]], "scroll_from_percent": 101}),
         "properties.scroll_from_percent"),
        (moves({"points": [[0, 1, 2]], "document_height_px": "tall"}),
         "properties.document_height_px"),
        (moves({"x_permille": 5}), "properties"),
        (moves(page_url=None), "url"),
    ],
)  # fmt: skip
def test_what_is_no_move_is_refused_and_the_others_kept(
    edge: Caller, event: dict[str, Any], loc: str
) -> None:
    answer = edge.post("/e", batch(VIEW, event), key=None)
    assert (answer.status_code, answer.json()["accepted"]) == (207, 1)
    assert [item["loc"] for item in answer.json()["dropped"]] == [f"events[1].{loc}"]
    assert edge.sink.values("pointers") == []
    assert len(edge.sink.values("rejected-events")) == 1


def test_single_points_by_pixels(edge: Caller) -> None:
    point = {"type": "move", "x": 320, "y": 15, "url": PAGE}
    wide = point | {"context": {"device": {"viewport": {"width": 1_280}}}}
    headers = {"origin": "https://shop.example", "x-site-id": "bound", "x-visitor-id": "v"}
    body = {"events": [wide, point]}
    answer = edge.post("/api/collect/heatmap", body, key=None, headers=headers)
    # Nobody knows how wide the page was.
    assert [item["loc"] for item in answer.json()["dropped"]] == ["events[1].properties"]
    (kept,) = edge.sink.values("pointers")
    assert kept["points"] == "250,15"


def test_servers_and_histories_have_no_pointers(edge: Caller) -> None:
    track = {"type": "track", "event": "pointer_moves", "anonymousId": "v"}
    message = track | {"properties": {"points": [[0, 1, 2]], "url": PAGE}}
    answer = edge.batch(message, key=SEC)
    assert (answer.status_code, answer.json()["code"]) == (400, "not_kept")
    assert edge.sink.values("pointers") == []


def test_batch_of_moves_alone(edge: Caller) -> None:
    assert len(sent(edge, moves(), moves(event_id="m2"))) == 2
    assert edge.events() == []


def test_nothing_is_acknowledged_when_it_is_not_durable(edge: Caller) -> None:
    edge.sink.is_away = True
    answer = edge.post("/e", batch(VIEW, moves()), key=None)
    assert (answer.status_code, edge.sink.values("pointers")) == (503, [])


def test_accepted_are_counted_by_topic(edge: Caller) -> None:
    sent(edge, VIEW, moves(), moves(event_id="m2"))
    counted = partial(edge.app.edge.metrics.count, "headwater_edge_events_accepted_total")
    assert (counted("events"), counted("pointers")) == (1, 2)
