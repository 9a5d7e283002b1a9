"""The log of one edge as the sink sees it: append, read again, forget what is acknowledged."""

import os
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from ingest_edge.log.frame import encode_entry
from ingest_edge.log.marker import Marker
from ingest_edge.log.reader import LogReader, records_from
from ingest_edge.log.segments import Position, lock, numbers, path_of
from ingest_edge.log.writer import Appended, Limits, LogWriter
from ingest_edge.record import Record


class EventLog:
    """Holds the folder for this process until it is closed; BadSetting if another holds it."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder = folder
        self.limits = limits
        self._lock = lock(folder)
        self._marker = Marker(folder, limits.keep_seconds)
        self.mark = self._marker.read()
        self._writer = LogWriter(folder, limits, self.mark)

    @property
    def synced(self) -> Position:
        """Return the place behind the last entry that is on disk."""
        return self._writer.synced

    @property
    def end(self) -> Position:
        """Return where the next segment will begin: behind all that is in the log."""
        return Position(self._writer.next_number, 0)

    @property
    def unsynced(self) -> deque[Appended]:
        """Return the waiters whose entries are not on disk yet, in order."""
        return self._writer.unsynced

    def append(self, records: Sequence[Record], at_ms: int, waiter: Appended) -> None:
        """Append records as one entry; the waiter hears how it went."""
        self._writer.append(encode_entry(records, at_ms), waiter)

    def has_room(self) -> bool:
        """Tell whether the disk has room above its floor."""
        return self._writer.has_room()

    def has_older(self) -> bool:
        """Tell whether an earlier process left a segment that is still needed."""
        older = self._writer.first_number
        return any(self.mark.segment <= number < older for number in numbers(self.folder))

    def prepare(self) -> None:
        """Make the first segment before the first event comes."""
        self._writer.prepare()

    def set_floor(self, size: int) -> None:
        """Change how many bytes of the disk must stay free."""
        self._writer.set_floor(size)

    def reader(self, at: Position) -> LogReader:
        """Return a reader that begins at a place."""
        return LogReader(self.folder, at)

    def records_from(self, at: Position) -> int:
        """Return how many records stand from a place on; reads heads, call it in a thread."""
        return records_from(self.folder, at)

    def bytes_from(self, at: Position) -> int:
        """Return how many bytes stand from a place on."""
        synced = self.synced
        if at >= synced:
            return 0
        older = [n for n in numbers(self.folder) if at.segment <= n < synced.segment]
        sizes = sum(path_of(self.folder, number).stat().st_size for number in older)
        return sizes + synced.offset - at.offset

    def acknowledge(self, at: Position, now: float) -> None:
        """Note that the broker has everything before a place. `now` in monotonic seconds."""
        self._marker.advance(at, now)

    def end_old_segment(self, now: float) -> None:
        """Let the next entry begin a segment if this one is old. `now` in monotonic seconds."""
        self._writer.end_old_segment(now)

    def set_mark(self, at: Position) -> None:
        """Let the next start begin at a place."""
        self._marker.write(at)

    def close(self) -> None:
        """Write what was taken and let go of the folder; call it outside the event loop."""
        self._writer.close()
        os.close(self._lock)
