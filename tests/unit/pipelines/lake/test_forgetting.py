"""Manifests forget files that are no more; what has to be deleted is said by schemas/."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog as Iceberg
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.manifest import ManifestFile
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update.snapshot import _FastAppendFiles

from pipelines.lake.forgetting import Erased, oldest_snapshot, rewritten_tables, tidy
from pipelines.lake.persons import Person
from tests.sql.traces import traces

GONE: Final = "gone-0123456789abcdef"


@pytest.fixture
def iceberg(tmp_path: Path) -> Iterator[Iceberg]:
    place = {"uri": f"sqlite:///{tmp_path}/catalog.db", "warehouse": f"file://{tmp_path}/lake"}
    with SqlCatalog("lake", **place) as catalog:
        catalog.create_namespace("web")
        yield catalog


class Deleting(_FastAppendFiles):
    """Deletes a file as Java's Iceberg does: its manifest goes on telling what lay between."""

    def _existing_manifests(self) -> list[ManifestFile]:
        kept = super()._existing_manifests()
        with self.new_manifest_writer(self.spec(0)) as writer:
            for entry in itertools.chain(*map(self.fetch_manifest_entry, kept)):
                is_gone = GONE[:16].encode() in (entry.data_file.lower_bounds or {}).values()
                (writer.delete if is_gone else writer.existing)(entry)
        return [writer.to_manifest_file()]


@pytest.fixture
def table(iceberg: Iceberg) -> Table:
    """Return a table of two files in one manifest, of which one was deleted as a whole."""
    made = iceberg.create_table(("web", "t"), rows("x").schema)
    made.append(rows("stays"))
    made.append(rows(GONE))
    with made.transaction() as change:
        Deleting(operation=Operation.DELETE, transaction=change, io=made.io).commit()
    return made


def rows(visitor: str) -> pa.Table:
    return pa.table({"visitor_id": [visitor]})


def test_manifests_are_written_anew_without_deleted_files(table: Table, tmp_path: Path) -> None:
    assert tidy(table)
    head = table.refresh().current_snapshot()
    assert head
    entries = [
        entry
        for manifest in head.manifests(table.io)
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False)
    ]
    assert [table.io.new_input(e.data_file.file_path).exists() for e in entries] == [True]
    assert table.scan().to_arrow().to_pylist() == [{"visitor_id": "stays"}]
    for snapshot in table.metadata.snapshots:
        if snapshot != head:
            table.maintenance.expire_snapshots().by_id(snapshot.snapshot_id).commit()
    own = [m.manifest_path for m in head.manifests(table.io)]
    found = traces(tmp_path / "lake", GONE)
    assert found
    assert not any(path.endswith(name) for path in own for name in found)
    assert not tidy(table)


def test_what_was_appended_meanwhile_stays(iceberg: Iceberg, table: Table) -> None:
    behind = iceberg.load_table(("web", "t"))
    table.append(rows("later"))
    assert tidy(behind)
    found = iceberg.load_table(("web", "t")).scan().to_arrow()["visitor_id"].to_pylist()
    assert sorted(map(str, found)) == ["later", "stays"]


def test_the_newest_snapshot_is_none_that_is_left_over(iceberg: Iceberg) -> None:
    made = iceberg.create_table(("web", "t"), rows("x").schema)
    assert oldest_snapshot(iceberg, ["t"]) is None
    made.append(rows("x"))
    assert oldest_snapshot(iceberg, ["t"]) is None
    made.append(rows("x"))
    first = made.metadata.snapshots[0].timestamp_ms
    found = oldest_snapshot(iceberg, ["t"])
    assert found
    assert round(found.timestamp() * 1000) == first


def test_rows_of_topics_go_up_to_the_offset_and_derived_ones_altogether() -> None:
    erased = Erased(7, Person("shop", ("v",), "ann"))
    assert "until_offset >= identities.topic_offset" in erased.theirs("identities")
    assert "until_offset" not in erased.theirs("touchpoints")
    assert {"erasure_id": 7}.items() <= erased.values().items()
    assert {"events", "revenue_events", "first_seen"} <= set(rewritten_tables())
    assert "erasures" not in rewritten_tables()


def test_recordings_go_whole_for_no_erasure_knows_an_offset_of_their_topic() -> None:
    erased = Erased(7, Person("shop", (GONE,)))
    assert "until_offset" in erased.theirs("events")
    assert "until_offset" not in erased.theirs("recording_chunks")
