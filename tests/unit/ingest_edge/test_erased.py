"""Whom a site has erased is taken in no more, whatever way they come."""

import json
from pathlib import Path
from typing import Any

import pytest

from ingest_edge.key_store import _Copy, _read, _write
from ingest_edge.keys import KeyRing, ring_of
from schemas.erased import Kind, erased_digest
from tests.unit.ingest_edge.fakes import PUB, SEC, Caller, key_row, site_row

SITE: dict[str, Any] = dict(site_row("shop", settings={"recording": {"is_on": True}}))
KEYS = [dict(key_row(PUB, "shop")), dict(key_row(SEC, "shop"))]
VIEW = {"event_name": "page_view", "event_id": "e"}
CALL = {"type": "track", "event": "x", "anonymousId": "gone"}
BODIES: dict[str, Any] = {
    "/e": {"visitor_id": "gone", "events": [VIEW]},
    "/v1/track": CALL,
    "/v1/batch": {"batch": [CALL]},
    "/sites/shop/events": {"batch": [CALL]},
    "/api/collect": {"visitor": {"id": "gone"}, "events": [{"name": "page_view"}]},
    "/capture/": {"api_key": PUB, "event": "x", "distinct_id": "gone"},
}


def row(kind: Kind, name: str, site: dict[str, Any] = SITE) -> dict[str, str]:
    secret = bytes.fromhex(site["visitor_secret"])
    return {"site_id": site["site_id"], "digest": erased_digest(secret, kind, name).hex()}


def forget(edge: Caller, kind: Kind, name: str) -> None:
    edge.app.edge.keys.ring = ring_of([SITE], KEYS, [row(kind, name)])


def erased_count(edge: Caller) -> int:
    return edge.app.edge.metrics.count("headwater_edge_events_dropped_total", "erased")


@pytest.mark.parametrize("is_fast", [True, False])
@pytest.mark.parametrize("path", BODIES)
def test_no_way_takes_an_erased_visitor_in(edge: Caller, path: str, is_fast: bool) -> None:
    edge.is_fast = is_fast
    headers = {"x-site-id": "shop", "x-api-key": PUB, "content-type": "application/json"}
    before = edge.post(path, BODIES[path], headers=headers)
    assert before.status_code == 200
    taken = len(edge.sink.records)
    assert taken > 0
    forget(edge, "visitor", "gone")

    answer = edge.post(path, BODIES[path], headers=headers)

    assert (answer.status_code, answer.headers["x-dropped"]) == (200, "1")
    assert len(edge.sink.records) == taken
    assert erased_count(edge) == 1


def test_others_of_the_site_and_the_same_id_elsewhere_are_taken(edge: Caller) -> None:
    other = dict(site_row("blog", visitor_secret="02" * 32))
    edge.app.edge.keys.ring = ring_of([SITE, other], [*KEYS], [row("visitor", "gone", other)])
    assert edge.post("/e", BODIES["/e"]).json()["accepted"] == 1
    forget(edge, "visitor", "gone")
    assert edge.post("/e", {**BODIES["/e"], "visitor_id": "here"}).json()["accepted"] == 1
    assert erased_count(edge) == 0


def test_a_user_is_refused_on_every_browser_and_is_no_visitor_of_that_name(edge: Caller) -> None:
    forget(edge, "user", "ann")
    for visitor in ("a", "b"):
        body = {"visitor_id": visitor, "user_id": "ann", "events": [VIEW]}
        assert edge.post("/e", body).json()["accepted"] == 0
    assert edge.post("/e", {"visitor_id": "ann", "events": [VIEW]}).json()["accepted"] == 1
    assert erased_count(edge) == 2


def test_the_others_of_a_batch_are_taken_and_nobody_is_told_of_a_fault(edge: Caller) -> None:
    forget(edge, "visitor", "gone")
    batch = {"batch": [CALL, {**CALL, "anonymousId": "here"}]}
    answer = edge.post("/sites/shop/events", batch)
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 1
    assert answer.json()["dropped"][0]["reason"] == "erased"
    (kept,) = edge.sink.values("events")
    assert kept["visitor_id"] == "here"


def test_what_is_wrong_in_an_erased_persons_batch_is_not_kept_either(edge: Caller) -> None:
    bad = {"visitor_id": "gone", "events": [{"event_name": "x", "client_at": "no time"}]}
    assert edge.post("/e", bad).status_code == 400
    assert len(edge.sink.values("rejected-events")) == 1
    forget(edge, "visitor", "gone")
    assert edge.post("/e", bad).status_code == 400
    assert len(edge.sink.values("rejected-events")) == 1


def test_the_file_names_nobody_and_brings_the_refusal_back(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    _write(file, _Copy("f", [SITE], KEYS, [row("visitor", "gone"), row("user", "ann@x")]))
    assert b"gone" not in file.read_bytes()
    assert b"ann" not in file.read_bytes()
    copy = _read(file)
    assert copy is not None
    site = ring_of(copy.sites, copy.keys, copy.erased).sites["shop"]
    assert site.has_erased("gone", None)
    assert site.has_erased("other", "ann@x")
    assert not site.has_erased("other", "other")
    assert not site.has_erased(None, None)


def test_a_file_of_an_older_edge_is_read(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"fingerprint": "f", "sites": [SITE], "keys": KEYS}), "utf-8")
    copy = _read(file)
    assert copy is not None
    assert copy.erased == []
    assert isinstance(ring_of(copy.sites, copy.keys, copy.erased), KeyRing)
