"""What is older than its site keeps goes, rows and objects; nothing else does."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.blobs import LocalBlobs
from pipelines.lake.recordings import Forgotten, forget_recordings
from pipelines.lake.trino import Trino
from schemas.recording import KEEP_DAYS, chunk_key

NOW = datetime(2026, 3, 31, 4, 22, tzinfo=UTC)


class BookedTrino(Trino):
    """Books what would be written, and says that it removed one row each time."""

    def __init__(self) -> None:
        self.written: list[tuple[str, Sequence[Any]]] = []

    def write(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        self.written.append((sql, parameters))
        return 1


def put(blobs: LocalBlobs, site: str, days_ago: int) -> str:
    key = chunk_key(site, date(2026, 3, 31) - timedelta(days=days_ago), "s", "r", 0)
    blobs.put(key, b"x")
    return key


def test_each_site_keeps_its_own_days(tmp_path: Path) -> None:
    blobs, trino = LocalBlobs(tmp_path), BookedTrino()
    kept = [
        put(blobs, "usual", 0),
        put(blobs, "usual", KEEP_DAYS),
        put(blobs, "short", 3),
        put(blobs, "unknown", KEEP_DAYS),
    ]
    put(blobs, "usual", KEEP_DAYS + 1)
    put(blobs, "short", 4)
    put(blobs, "short", 400)
    put(blobs, "unknown", KEEP_DAYS + 1)
    (tmp_path / "usual" / "not a date").mkdir()
    done = forget_recordings(trino, blobs, {"usual": KEEP_DAYS, "short": 3}, NOW)
    assert done == Forgotten(rows=2, objects=4)
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == set(kept)
    everyone, short = trino.written
    assert everyone[1] == [datetime(2026, 3, 1, tzinfo=UTC)]
    assert short[1] == ["short", datetime(2026, 3, 28, tzinfo=UTC)]
    assert "lake.web.recording_chunks" in everyone[0]
    assert "lake.web.recording_chunks" in short[0]


def test_second_run_removes_nothing(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    put(blobs, "short", 4)
    runs = [forget_recordings(BookedTrino(), blobs, {"short": 3}, NOW).objects for _ in range(2)]
    assert runs == [1, 0]


def test_storage_that_holds_nothing_yet(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "made later")
    assert forget_recordings(BookedTrino(), blobs, {}, NOW) == Forgotten(1, 0)
