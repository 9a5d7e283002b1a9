"""A chunk of a recording, from the edge's door to the view, and its end."""

import gzip
import json
import time
import urllib.request
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestration.care import forget_recordings_job
from pipelines.blobs import open_blobs
from pipelines.lake.recordings import Forgotten, forget_recordings
from pipelines.lake.trino import Trino
from schemas.recording import KEEP_DAYS
from tests.integration.stack import Stack, TestSite

EVENTS = [{"type": 4, "timestamp": 1, "data": {}}, {"type": 2, "timestamp": 2, "data": {}}]
VIEW = """SELECT visitor_id, chunk_count, missing_chunk_count, event_count, is_masked, device,
    duration_ms, storage_keys FROM lake.analytics.recordings WHERE site_id = '{}'"""
ROWS = "SELECT count(*) FROM lake.web.recording_chunks WHERE site_id = '{}'"


def send(
    stack: Stack,
    site: TestSite,
    recording: str,
    sequence: int,
    began: int,
    visitor: str = "v1",
    events: list[dict[str, Any]] = EVENTS,
) -> None:
    now = int(time.time() * 1000)
    body: dict[str, Any] = {
        "recording_id": recording, "sequence": sequence, "visitor_id": visitor, "sent_at": now,
        "client_session_id": "s1", "recording_started_at": began, "consent": "granted",
        "started_at": began + sequence * 1000, "ended_at": began + sequence * 1000 + 500,
        "is_masked": sequence != 2, "events": events,
    }  # fmt: skip
    address = f"{stack.url('edge')}/e/replay?k={site.write_key}"
    content = gzip.compress(json.dumps(body).encode())
    with urllib.request.urlopen(urllib.request.Request(address, data=content)) as answer:
        assert answer.status == 200
        assert "x-dropped" not in answer.headers


def test_recording_is_listed_until_it_is_too_old(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    on = {"recording": {"is_on": True, "sample_percent": 25, "keep_days": 3}}
    site = stack.make_site(f"rec-{uuid.uuid4().hex[:8]}", settings=on)
    recording, began = str(uuid.uuid4()), int(time.time() * 1000) - 4000
    # The second never arrives, the first comes twice.
    for sequence in (0, 0, 2):
        send(stack, site, recording, sequence, began)
    stack.wait_until("three rows", lambda: stack.sql(ROWS.format(site.site_id)) == [(3,)], 120)
    ((*row, keys),) = stack.sql(VIEW.format(site.site_id))
    assert row == ["v1", 2, 1, 4, False, "bot", 2500]
    blobs = open_blobs(stack.environment["HEADWATER_RECORDINGS"])
    assert [json.loads(gzip.decompress(blobs.get(key))) for key in keys] == [EVENTS, EVENTS]
    assert stack.sql(VIEW.format(site.site_id), user=f"tenant_{site.site_id}")
    assert stack.sql(VIEW.format(site.site_id), user="tenant_other") == []
    shown = stack.headwater("sites", "list", "--output", "json").stdout
    (listed,) = [one for one in json.loads(shown) if one["site_id"] == site.site_id]
    assert listed["recording"] == "25 % of sessions, 3 days"

    trino, keep, now = Trino(stack.url("trino")), {site.site_id: 3}, datetime.now(UTC)
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    # The nightly run as Dagster has it: with the sites' own settings, and by today's clock.
    assert forget_recordings_job.execute_in_process().success
    assert len(stack.sql(VIEW.format(site.site_id))) == 1
    in_five_days = now + timedelta(days=5)
    assert KEEP_DAYS > 5
    assert forget_recordings(trino, blobs, keep, in_five_days).objects == 2
    assert stack.sql(ROWS.format(site.site_id)) == [(0,)]
    assert site.site_id not in blobs.folders() or blobs.folders(site.site_id) == []
    assert forget_recordings(trino, blobs, keep, in_five_days) == Forgotten(0, 0)
