"""Deletes what the tables hold of an erased person, so that no file of a newest snapshot has it.

Deleting only marks rows; `rewrite` writes their files anew, `tidy` their manifests, which keep the
smallest and largest ids of files that are no more. Each step may be interrupted and done again.
Older snapshots end by `expiry`. Flink may append all the while: neither step looks at new files.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pyiceberg.catalog import Catalog as Iceberg
from pyiceberg.manifest import ManifestContent, ManifestFile
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update.snapshot import _FastAppendFiles

from pipelines.blobs import Blobs
from pipelines.lake.persons import Person, person_tables
from pipelines.lake.sql import bind, read_sql
from pipelines.lake.trino import Parameter, Trino
from schemas.load import RECORDS, TABLES

_SQL: Final = Path(__file__).parent / "care"
_PAYMENTS: Final = "revenue_events"
_RECORDINGS: Final = "recording_chunks"


@dataclass(frozen=True)
class Erased:
    """An erasure as web.erasures knows it: its number and whom it is about."""

    erasure_id: int
    person: Person

    def values(self) -> dict[str, Parameter]:
        """Return what is bound to the `:names` of `theirs`."""
        return {"erasure_id": self.erasure_id, **self.person.values()}

    def theirs(self, table: str) -> str:
        """Return the condition, with `:names`, that the erasure covers a row of the table.

        Events up to their topic's offset, other rows of the person altogether: they were made of
        several events. Pieces of recordings, too, whose topic has no offset in an erasure: what an
        edge sends once more after a crash is listed twice.
        """
        of_person = self.person.holds(person_tables()[table])
        columns = {field.name for field in RECORDS[TABLES[table].record].fields}
        if "topic_offset" not in columns or table == _RECORDINGS:
            return of_person
        until = read_sql(_SQL / "until_offset.sql", {"table": table}).body
        return f"{of_person} AND {until}"


def rewritten_tables() -> tuple[str, ...]:
    """Return the tables that `delete_rows` changes."""
    return (*person_tables(), _PAYMENTS)


def held(trino: Trino, erased: Erased) -> dict[str, int]:
    """Return how many rows of each table the erasure covers; tables without one are left out."""
    parts = [
        read_sql(_SQL / "count_theirs.sql", {"table": table, "theirs": erased.theirs(table)}).body
        for table in person_tables()
    ]
    rows = trino.rows(*bind("\nUNION ALL\n".join(parts), erased.values()))
    return {row["name"]: int(row["n"]) for row in rows if row["n"]}


def delete_rows(trino: Trino, erased: Erased, tables: Iterable[str]) -> None:
    """Delete the person's rows of these tables, and their name in payments.

    Objects of recordings go before the rows that tell where they are: see `delete_recordings`.
    """
    for table in tables:
        _ask(trino, "delete_theirs", erased, table)
    if erased.person.visitor_ids:
        names = _payer(erased.person)
        for statement in ("unname_payments", "unname_webhooks"):
            trino.rows(*bind(read_sql(_SQL / f"{statement}.sql").text, names))


def delete_recordings(trino: Trino, blobs: Blobs, erased: Erased) -> int:
    """Remove the objects of the person's recordings; return how many.

    Whole recordings, so that a piece whose row was never written goes as well.
    """
    rows = _ask(trino, "their_recordings", erased, _RECORDINGS)
    folders = {str(row["storage_key"]).rpartition("/")[0] for row in rows}
    return sum(blobs.remove(folder) for folder in sorted(folders) if folder)


def rewrite(trino: Trino, iceberg: Iceberg, tables: Iterable[str]) -> list[str]:
    """Write anew each file of which rows were deleted; return the tables that had one."""
    marked = [name for name in tables if _has_marks(_load(iceberg, name))]
    for name in marked:
        trino.rows(*bind(read_sql(_SQL / "rewrite.sql", {"table": name}).text, {}))
    for name in tables:
        tidy(_load(iceberg, name))
    return marked


def tidy(table: Table) -> bool:
    """Write anew the manifests that still tell of deleted files; True if there was one.

    Commits a snapshot without files. pyiceberg tries again when somebody else committed.
    """
    snapshot = table.current_snapshot()
    if snapshot is None or not any(map(_tells_of_deleted, snapshot.manifests(table.io))):
        return False
    with table.transaction() as change:
        _TidyAppend(operation=Operation.APPEND, transaction=change, io=table.io).commit()
    return True


def unhide(trino: Trino, iceberg: Iceberg, erasure_id: int) -> int:
    """Remove an erasure whose last copy has gone from web.erasures; return how many rows it had.

    Older snapshots of that table hold the ids until they expire.
    """
    # TRICKY: counted before, because Trino does not tell how many rows whole files had.
    (found,) = trino.rows(*bind(read_sql(_SQL / "hides.sql").text, {"erasure_id": erasure_id}))
    if found["n"]:
        trino.write(*bind(read_sql(_SQL / "unhide.sql").text, {"erasure_id": erasure_id}))
    rewrite(trino, iceberg, ["erasures"])
    return int(found["n"])


def oldest_snapshot(iceberg: Iceberg, tables: Iterable[str]) -> datetime | None:
    """Return when the oldest snapshot of these tables was made that is kept beside the newest."""
    made = [
        snapshot.timestamp_ms
        for table in (_load(iceberg, name) for name in tables)
        for snapshot in table.metadata.snapshots
        if snapshot.snapshot_id != table.metadata.current_snapshot_id
    ]
    return datetime.fromtimestamp(min(made) / 1000, UTC) if made else None


class _TidyAppend(_FastAppendFiles):
    """Appends nothing, and drops from manifests what was deleted by earlier snapshots."""

    def _existing_manifests(self) -> list[ManifestFile]:
        kept = super()._existing_manifests()
        return [self._without_deleted(m) if _tells_of_deleted(m) else m for m in kept]

    def _without_deleted(self, manifest: ManifestFile) -> ManifestFile:
        with self.new_manifest_writer(self.spec(manifest.partition_spec_id)) as writer:
            for entry in self.fetch_manifest_entry(manifest):
                writer.existing(entry)
        return writer.to_manifest_file()


def _tells_of_deleted(manifest: ManifestFile) -> bool:
    return manifest.content == ManifestContent.DATA and bool(manifest.deleted_files_count)


def _has_marks(table: Table) -> bool:
    """Whether rows are marked as deleted, as far as the newest snapshot's summary tells."""
    snapshot = table.current_snapshot()
    summary = snapshot.summary if snapshot else None
    return summary is not None and int(summary["total-delete-files"] or 0) > 0


def _load(iceberg: Iceberg, name: str) -> Table:
    return iceberg.load_table(("web", name))


def _ask(trino: Trino, statement: str, erased: Erased, table: str) -> list[dict[str, object]]:
    names = {"table": table, "theirs": erased.theirs(table)}
    return trino.rows(*bind(read_sql(_SQL / f"{statement}.sql", names).text, erased.values()))


def _payer(person: Person) -> dict[str, Parameter]:
    """Return the patterns that find a visitor's name in what a vendor told."""
    ids = "|".join(re.escape(visitor) for visitor in person.visitor_ids)
    as_json = "|".join(re.escape(json.dumps(visitor)) for visitor in person.visitor_ids)
    return {
        "site_id": person.site_id,
        "whole_name": f"^(?:{ids})$",
        "named": rf'("client_reference_id"\s*:\s*)(?:{as_json})',
    }
