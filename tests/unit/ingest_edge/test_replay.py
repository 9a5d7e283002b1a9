"""POST /e/replay: what is stored, where, what is told of it, and what is refused."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ingest_edge.keys import ring_of
from ingest_edge.recordings import RecordingChunk
from pipelines.blobs import BlobError, LocalBlobs, NoRoom
from schemas.load import RECORDS, RULES
from schemas.recording import SETTING
from schemas.wire import problems
from tests.unit.ingest_edge.fakes import NOW, PUB, Caller, key_row, make_caller, site_row

RECORDING = "0199a2f0-1111-7000-8000-000000000001"
SESSION = "0199a2f0-3333-7000-8000-000000000003"
KEY = f"shop/2026-09-21/{SESSION}/{RECORDING}/000000.json.gz"
EVENTS: list[dict[str, Any]] = [
    {"type": 4, "timestamp": NOW - 3000, "data": {"href": "https://shop.example/", "width": 9}},
    {"type": 2, "timestamp": NOW - 2990, "data": {"node": {"id": 1, "text": "* ***"}}},
    {"type": 3, "timestamp": NOW - 1000.5, "data": {"source": 1}},
]
RULE = RULES.recordings


def body(**changes: Any) -> dict[str, Any]:
    sent = {
        "sent_at": NOW,
        "recording_id": RECORDING,
        "sequence": 0,
        "visitor_id": "v1",
        "client_session_id": SESSION,
        "recording_started_at": NOW - 3000,
        "started_at": NOW - 3000,
        "ended_at": NOW - 1000,
        "consent": "granted",
        "is_masked": True,
        "page_url": "https://shop.example/cart?mail=a@b.example#x",
        "library_version": "0.1.0",
        "events": EVENTS,
    }
    return {name: value for name, value in (sent | changes).items() if value is not None}


def edge_with(path: Path, recording: Mapping[str, Any] | None, **settings: Any) -> Caller:
    caller = make_caller(path)
    row = site_row("shop", settings={SETTING: recording, **settings})
    caller.app.edge.keys.ring = ring_of([row], [key_row(PUB, "shop")])
    return caller


@pytest.fixture
def edge(tmp_path: Path) -> Caller:
    return edge_with(tmp_path, {"is_on": True})


def send(edge: Caller, sent: Any, headers: Mapping[str, str] | None = None) -> Any:
    return edge.post(f"/e/replay?k={PUB}", sent, headers=headers, key=None)


def stored(edge: Caller) -> list[str]:
    folder = edge.app.edge.config.home / "recordings"
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def listed(edge: Caller) -> list[dict[str, Any]]:
    return edge.sink.values("recording-chunks")


def test_record_is_that_of_the_dictionary() -> None:
    wanted = {field.name for field in RECORDS["recording_chunk"].fields}
    assert {field.name for field in msgspec.structs.fields(RecordingChunk)} == wanted


@pytest.mark.parametrize("packed", [False, True])
def test_chunk_is_stored_and_listed(edge: Caller, packed: bool) -> None:
    sent = json.dumps(body()).encode()
    answer = send(edge, gzip.compress(sent) if packed else sent)
    assert (answer.status_code, answer.json()) == (200, {"accepted": 1, "dropped": []})
    assert stored(edge) == [KEY]
    content = edge.app.edge.blobs.get(KEY)
    assert json.loads(gzip.decompress(content)) == EVENTS
    (chunk,) = listed(edge)
    assert problems(RECORDS["recording_chunk"], chunk) == []
    assert chunk == {
        "site_id": "shop",
        "recording_id": RECORDING,
        "sequence": 0,
        "visitor_id": "v1",
        "client_session_id": SESSION,
        "page_url": "https://shop.example/cart",
        "recording_started_at": NOW - 3000,
        "started_at": NOW - 3000,
        "ended_at": NOW - 1000,
        "received_at": NOW,
        "event_count": 3,
        "stored_bytes": len(content),
        "has_snapshot": True,
        "is_masked": True,
        "storage_key": KEY,
        "device": "desktop",
        "browser": "Firefox",
        "os": "Linux",
        "library_version": "0.1.0",
    }


def test_same_chunk_again_replaces_itself(edge: Caller) -> None:
    for _ in range(2):
        assert send(edge, body()).status_code == 200
    assert stored(edge) == [KEY]
    first, again = listed(edge)
    assert first == again


def test_clock_of_the_browser_is_corrected(edge: Caller) -> None:
    day = 86_400_000
    late = {name: body()[name] - day for name in ("recording_started_at", "started_at", "ended_at")}
    assert send(edge, body(sent_at=NOW - day, **late)).status_code == 200
    (chunk,) = listed(edge)
    assert (chunk["recording_started_at"], chunk["ended_at"]) == (NOW - 3000, NOW - 1000)
    assert stored(edge) == [KEY]


@pytest.mark.parametrize(
    ("recording", "settings", "changes", "headers", "reason"),
    [
        (None, {}, {}, {}, "not_recorded"),
        ({"is_on": False}, {}, {}, {}, "not_recorded"),
        ({"is_on": True}, {"is_paused": True}, {}, {}, "paused"),
        ({"is_on": True}, {"cookieless": "always"}, {}, {}, "no_consent"),
        ({"is_on": True}, {}, {"consent": None}, {}, "no_consent"),
        ({"is_on": True}, {}, {"consent": "pending"}, {}, "no_consent"),
        ({"is_on": True}, {}, {"consent": "denied"}, {}, "no_consent"),
        ({"is_on": True}, {}, {"is_cookieless": True}, {}, "no_consent"),
        ({"is_on": True}, {}, {"is_gpc": True}, {}, "gpc"),
        ({"is_on": True}, {}, {"is_dnt": True}, {}, "dnt"),
        ({"is_on": True}, {}, {}, {"sec-gpc": "1"}, "gpc"),
        ({"is_on": True}, {}, {}, {"dnt": "1"}, "dnt"),
    ],
)
def test_nothing_is_kept_without_a_yes(
    tmp_path: Path,
    recording: Mapping[str, Any] | None,
    settings: dict[str, Any],
    changes: dict[str, Any],
    headers: dict[str, str],
    reason: str,
) -> None:
    edge = edge_with(tmp_path, recording, **settings)
    answer = send(edge, body(**changes), headers)
    assert (answer.status_code, answer.headers["x-dropped"]) == (200, reason)
    assert (stored(edge), listed(edge)) == ([], [])


@pytest.mark.parametrize(
    ("changes", "loc"),
    [
        ({"recording_id": None}, "body"),
        ({"recording_id": "../../etc"}, "body.recording_id"),
        ({"client_session_id": "a/b"}, "body.client_session_id"),
        ({"sequence": -1}, "body.sequence"),
        ({"sequence": "0"}, "body.sequence"),
        ({"visitor_id": ""}, "body.visitor_id"),
        ({"events": []}, "body.events"),
        ({"events": {}}, "body.events"),
        ({"events": [{"timestamp": 1}]}, "body.events[0]"),
        ({"events": [EVENTS[1], {"type": "3", "timestamp": 1}]}, "body.events[1].type"),
        ({"events": EVENTS[2:]}, "body.events"),
        ({"events": EVENTS[1:2] * (RULE.chunk_max_events + 1)}, "body.events"),
        ({"ended_at": NOW - 3001}, "body.started_at"),
        ({"started_at": NOW - 3001}, "body.started_at"),
        ({"recording_started_at": NOW - 73 * 3_600_000}, "body.recording_started_at"),
        ({"consent": "yes"}, "body.consent"),
    ],
)
def test_malformed_chunk_is_refused_by_field(
    edge: Caller, changes: dict[str, Any], loc: str
) -> None:
    answer = send(edge, body(**changes))
    assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (400, loc), answer.text
    assert (stored(edge), listed(edge)) == ([], [])


@pytest.mark.parametrize("sent", [b"", b"{", b"[]", b"\x1f\x8bnonsense", b"\xff", b"\x1f\x8b"])
def test_nonsense_is_refused(edge: Caller, sent: bytes) -> None:
    assert send(edge, sent).status_code == 400


def test_later_chunk_needs_no_snapshot(edge: Caller) -> None:
    assert send(edge, body(sequence=7, events=EVENTS[2:])).status_code == 200
    (chunk,) = listed(edge)
    assert (chunk["sequence"], chunk["has_snapshot"]) == (7, False)


def test_limits_of_a_chunk_are_those_of_the_rules(edge: Caller) -> None:
    text = "x" * (RULE.chunk_max_bytes - 1_000)
    large = {"type": 2, "timestamp": NOW, "data": {"text": text}}
    assert send(edge, body(events=[large])).status_code == 200
    assert send(edge, body(events=[large, large])).status_code == 413
    packed = gzip.compress(json.dumps(body(events=[large, large])).encode())
    assert send(edge, packed).status_code == 200
    bomb = gzip.compress(b" " * (RULE.chunk_max_unpacked_bytes + 1))
    assert send(edge, bomb).status_code == 413


def test_larger_bodies_are_for_recordings_only(edge: Caller) -> None:
    assert edge.post("/e", b" " * (RULES.delivery.max_batch_bytes + 1)).status_code == 413


def test_address_of_the_client_is_nowhere(edge: Caller) -> None:
    edge.client = "81.2.69.142"
    events = [{**EVENTS[1], "data": {"text": "you are 81.2.69.142"}}]
    assert send(edge, body(events=events, page_url="https://x.example/81.2.69.142")).is_success
    (chunk,) = listed(edge)
    assert b"81.2.69.142" not in gzip.decompress(edge.app.edge.blobs.get(chunk["storage_key"]))
    assert "81.2.69.142" not in json.dumps(chunk)


class FullBlobs(LocalBlobs):
    def put(self, key: str, content: bytes) -> None:
        raise NoRoom("full")


class AwayBlobs(LocalBlobs):
    def put(self, key: str, content: bytes) -> None:
        raise BlobError("away")


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [(FullBlobs, 507, "storage_full"), (AwayBlobs, 503, "storage_away")],
)
def test_not_acknowledged_while_it_cannot_be_stored(
    edge: Caller, tmp_path: Path, kind: type[LocalBlobs], status: int, code: str
) -> None:
    object.__setattr__(edge.app.edge, "blobs", kind(tmp_path))
    answer = send(edge, body())
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["retry-after"]
    assert listed(edge) == []


def test_not_acknowledged_while_it_cannot_be_listed(edge: Caller) -> None:
    edge.sink.is_away = True
    assert send(edge, body()).status_code == 503
    edge.sink.is_away = False
    assert send(edge, body()).status_code == 200
    assert len(listed(edge)) == len(stored(edge)) == 1


def test_door_is_that_of_every_route(edge: Caller) -> None:
    assert edge.post("/e/replay", body(), key=None).status_code == 401
    assert edge.post("/e/replay?k=hw_pub_nobody", body(), key=None).status_code == 401
    assert edge.post("/e/replay", body()).status_code == 200
    rows = [site_row("shop", allowed_hosts=["shop.example"], settings={SETTING: {"is_on": True}})]
    edge.app.edge.keys.ring = ring_of(rows, [key_row(PUB, "shop")])
    assert send(edge, body(), {"origin": "https://evil.example"}).status_code == 403
    assert send(edge, body(), {"origin": "https://shop.example"}).status_code == 200


def test_script_says_how_the_site_records(edge: Caller, tmp_path: Path) -> None:
    off = edge_with(tmp_path, None, tracker={"recording": {"sample_percent": 100}, "hash": True})
    assert b'"recording"' not in off.request("GET", f"/s.js?k={PUB}", key=None).content
    part = f"/s.js?k={PUB}&part=replay"
    assert off.request("GET", part, key=None).status_code == 404
    on = edge_with(tmp_path, {"is_on": True, "sample_percent": 25}, tracker={"hash": True})
    script = on.request("GET", f"/s.js?k={PUB}", key=None)
    told = b'"tracker":{"hash":true,"recording":{"sample_percent":25,"snapshot_seconds":0}}'
    assert told in script.content
    assert b"rrweb" in on.request("GET", part, key=None).content
