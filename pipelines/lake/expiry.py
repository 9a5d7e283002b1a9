"""Forgets old snapshots through pyiceberg, by id, and deletes the files only they needed.

The newest snapshot of the Flink job that committed last, of each of its operators, stays whatever
its age: a job that comes back reads from it which checkpoint was committed, and would commit twice
without it. No job goes back behind it, so jobs before it need nothing, and a snapshot kept for them
would hold for good what a site has to forget. Trino's own expiry knows nothing of that.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.io import FileIO
from pyiceberg.manifest import ManifestFile
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

KEEP_FOR: Final = timedelta(hours=1)
_ATTEMPTS: Final = 5


@dataclass(frozen=True)
class Expired:
    """What one expiry did to one table."""

    snapshots: int = 0
    files: int = 0


def expire(table: Table, now: datetime, keep_for: timedelta = KEEP_FOR) -> Expired:
    """Forget snapshots older than `keep_for` but those that somebody needs.

    A commit of a writer in between is no harm: it is tried again on the newer metadata. Files
    are deleted after the commit, so that a crash leaves files too many and never too few.
    """
    for _ in range(_ATTEMPTS):
        table = table.refresh()
        snapshots = table.metadata.snapshots
        old = to_expire(snapshots, _heads(table), now - keep_for)
        if not old:
            return Expired()
        needless = unneeded_files(table.io, snapshots, old)
        with suppress(CommitFailedException):
            table.maintenance.expire_snapshots().by_ids(sorted(old)).commit()
            return Expired(len(old), _delete(table.io, needless))
    return Expired()


def to_expire(snapshots: Iterable[Snapshot], heads: set[int], before: datetime) -> set[int]:
    """Return the ids of old snapshots that no branch, tag or the last Flink job needs."""
    ordered = sorted(snapshots, key=_order)
    by_flink = [(writer, s.snapshot_id) for s in ordered if (writer := _flink_writer(s))]
    last_job = by_flink[-1][0][0] if by_flink else None
    needed = heads | {number for (job, _), number in dict(by_flink).items() if job == last_job}
    limit = before.timestamp() * 1000
    return {s.snapshot_id for s in ordered if s.timestamp_ms < limit} - needed


def unneeded_files(io: FileIO, snapshots: list[Snapshot], old: set[int]) -> set[str]:
    """Return manifest lists, manifests and data files that only the old snapshots reach.

    History is a line: what the oldest snapshot that stays does not reach, no later one does. So
    beside it only those kept out of turn are read.
    """
    line = sorted(snapshots, key=_order)
    last_old = max(number for number, s in enumerate(line) if s.snapshot_id in old)
    kept = [s for s in line[: last_old + 2] if s.snapshot_id not in old]
    gone = [s for s in line if s.snapshot_id in old]
    kept_manifests, gone_manifests = _manifests(io, kept), _manifests(io, gone)
    needless = {
        path: gone_manifests[path] for path in gone_manifests.keys() - kept_manifests.keys()
    }
    data = _data_files(io, needless) - _data_files(io, kept_manifests) if needless else set()
    return {s.manifest_list for s in gone} | needless.keys() | data


def _manifests(io: FileIO, snapshots: Iterable[Snapshot]) -> dict[str, ManifestFile]:
    return {m.manifest_path: m for snapshot in snapshots for m in snapshot.manifests(io)}


def _data_files(io: FileIO, manifests: Mapping[str, ManifestFile]) -> set[str]:
    return {
        entry.data_file.file_path
        for manifest in manifests.values()
        for entry in manifest.fetch_manifest_entry(io, discard_deleted=False)
    }


def _delete(io: FileIO, paths: set[str]) -> int:
    for path in paths:
        with suppress(FileNotFoundError):
            io.delete(path)
    return len(paths)


def _heads(table: Table) -> set[int]:
    return {ref.snapshot_id for ref in table.metadata.refs.values()}


def _order(snapshot: Snapshot) -> tuple[int, int]:
    return (snapshot.sequence_number or 0, snapshot.timestamp_ms)


def _flink_writer(snapshot: Snapshot) -> tuple[str, str] | None:
    summary = snapshot.summary
    job = summary.get("flink.job-id") if summary else None
    operator = summary.get("flink.operator-id") if summary else None
    return (job, operator or "") if job else None
