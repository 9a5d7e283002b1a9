"""Object storage behind S3's protocol, on a server that speaks it."""

import gzip
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from pipelines.blobs import BlobError, Blobs, open_blobs
from tests.unit.ingest_edge.test_replay import EVENTS, KEY, body, edge_with, listed, send


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Return the address of a server with one bucket."""
    running = ThreadedMotoServer(port=0)
    running.start()
    host, port = running.get_host_and_port()
    make = urllib.request.Request(f"http://{host}:{port}/kept", method="PUT")
    urllib.request.urlopen(make).close()
    yield f"{host}:{port}"
    running.stop()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name somebody: this server lets everybody in."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "made-up")


def opened(server: str, bucket: str = "kept", prefix: str = "") -> Blobs:
    return open_blobs(f"s3://{bucket}{prefix}?endpoint_override={server}&scheme=http")


def test_the_same_contract_as_a_folder(server: str) -> None:
    store = opened(server, prefix="/recordings")
    for key in ("shop/d1/s/r/1", "shop/d1/s/r/2", "shop/d10/s/r/1", "club/d1/s/r/1"):
        store.put(key, key.encode())
    store.put("shop/d1/s/r/1", b"again")
    assert store.get("shop/d1/s/r/1") == b"again"
    assert store.folders() == ["club", "shop"]
    assert store.folders("shop") == ["d1", "d10"]
    assert [store.remove("shop/d1"), store.remove("shop/d1")] == [2, 0]
    assert store.folders("shop") == ["d10"]
    assert store.folders("nobody") == []
    with pytest.raises(BlobError):
        store.get("shop/d1/s/r/1")
    assert store.get("shop/d10/s/r/1") == b"shop/d10/s/r/1"


def test_absent_bucket_and_absent_server_are_told(server: str) -> None:
    with pytest.raises(BlobError, match="NO_SUCH_BUCKET|does not exist"):
        opened(server, bucket="nowhere").put("a", b"x")
    with pytest.raises(BlobError):
        opened("127.0.0.1:1").put("a", b"x")


def test_edge_keeps_recordings_there(server: str, tmp_path: Path) -> None:
    edge = edge_with(tmp_path, {"is_on": True})
    store: Any = opened(server, prefix="/of-the-edge")
    object.__setattr__(edge.app.edge, "blobs", store)
    assert send(edge, body()).status_code == 200
    assert json.loads(gzip.decompress(store.get(KEY))) == EVENTS
    assert listed(edge)[0]["storage_key"] == KEY
    object.__setattr__(edge.app.edge, "blobs", opened("127.0.0.1:1"))
    assert send(edge, body()).json()["code"] == "storage_away"
