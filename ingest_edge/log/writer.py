"""Append to the log: what comes within two milliseconds shares one fdatasync, in a thread."""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Sequence
from errno import ENOSPC
from pathlib import Path
from queue import SimpleQueue
from typing import Final, NamedTuple, Protocol

from ingest_edge.log.segments import Position, Segment, free_bytes, numbers


class Appended(Protocol):
    """What is told how its append went, in the event loop."""

    def logged(self, at: Position) -> None:
        """The entry is on disk, at this place."""

    def not_logged(self, error: OSError) -> None:
        """The entry is not in the log."""


class Limits(NamedTuple):
    """Sizes in bytes. Appends of one window share a sync; segments stay beyond the broker's ack.

    A segment takes entries for `segment_seconds` at most.
    """

    segment_bytes: int
    floor_bytes: int
    group_seconds: float
    keep_seconds: float
    segment_seconds: float = float("inf")


Group = list[tuple[bytes, Appended]]
_LEAVE: Final[Group] = []
_END_SEGMENT: Final[Group] = []


class _Spare(threading.Thread):
    """Makes a segment in the background."""

    def __init__(self, folder: Path, number: int, size: int) -> None:
        super().__init__(name="log-spare", daemon=True)
        self._wanted = (folder, number, size)
        self._segment: Segment | None = None

    def run(self) -> None:
        with contextlib.suppress(OSError):  # whoever needs one tries again and tells
            self._segment = Segment(*self._wanted)

    @property
    def is_made(self) -> bool:
        """Tell whether the segment is there."""
        return self._segment is not None

    def take(self) -> Segment | None:
        """Return the segment, waiting for it; None if it could not be made."""
        self.join()
        return self._segment


class LogWriter:
    """The end of the log; a new segment at every start. `synced` is the place behind the last."""

    def __init__(self, folder: Path, limits: Limits, mark: Position) -> None:
        self._folder = folder
        self._limits = limits
        self._segment: Segment | None = None
        # TRICKY: above the mark, too: a lower number would count as acknowledged.
        self.next_number = max(mark.segment, *numbers(folder), 0) + 1
        self.synced = Position(self.next_number, 0)
        self._begun_at: float | None = None
        self.first_number = self.next_number
        self._spare: _Spare | None = None
        self._has_failed = False
        self._group: Group = []
        self._groups: SimpleQueue[Group] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self.unsynced: deque[Appended] = deque()

    def append(self, entry: bytes, waiter: Appended) -> None:
        """Take an entry; the waiter hears in the event loop how it went, in order."""
        self.unsynced.append(waiter)
        if not self._group:
            loop = self._loop or self._start()
            loop.call_later(self._limits.group_seconds, self._hand_over)
        self._group.append((entry, waiter))

    def has_room(self) -> bool:
        """Tell whether the log may grow; after a failed write only a new segment proves it."""
        segment = self._segment
        is_begun = segment is not None and segment.has_room(self._limits.segment_bytes // 8)
        try:
            fits = self._fits(0 if is_begun else self._limits.segment_bytes)
            return fits and not (self._has_failed and self._lacks_segment())
        except OSError:
            return False

    def prepare(self) -> None:
        """Begin to make the next segment, so that nobody waits for it later."""
        size = self._limits.segment_bytes
        if self._fits(size):
            self._spare = _Spare(self._folder, self.next_number, size)
            self._spare.start()

    def set_floor(self, size: int) -> None:
        """Change how many bytes of the disk must stay free; the next group is held to it."""
        self._limits = self._limits._replace(floor_bytes=size)

    def end_old_segment(self, now: float) -> None:
        """Let the next entry begin a segment if this one has taken some for its time.

        Only whole segments are removed: of a quiet site one would take entries for months.
        """
        if self._begun_at is not None and now - self._begun_at >= self._limits.segment_seconds:
            self._begun_at = None
            self._groups.put(_END_SEGMENT)

    def close(self) -> None:
        """Write what was taken, then end; call it outside the event loop."""
        if self._thread.is_alive():
            self._groups.put(self._group)
            self._groups.put(_LEAVE)
            self._thread.join()
        if self._segment is not None:
            self._segment.close()
        spare = self._spare.take() if self._spare is not None else None
        if spare is not None:
            spare.discard()

    def _lacks_segment(self) -> bool:
        """Tell that no segment could be made yet, and have another try made in the background."""
        spare = self._spare
        if spare is not None and spare.is_made:
            return False
        if spare is None or not spare.is_alive():
            self.prepare()
        return True

    def _start(self) -> asyncio.AbstractEventLoop:
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        return self._loop

    def _hand_over(self) -> None:
        group, self._group = self._group, []
        self._groups.put(group)

    def _run(self) -> None:
        while (group := self._groups.get()) is not _LEAVE:
            if group is _END_SEGMENT:
                self._end_segment()
            if not group:
                continue
            outcome: list[Position] | OSError
            try:
                outcome = self._write([entry for entry, _ in group])
                self._has_failed = False
            except OSError as error:
                outcome = error
                self._has_failed = True
            if self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._settle, group, outcome)

    def _end_segment(self) -> None:
        segment, self._segment = self._segment, None
        if segment is None:
            return
        with contextlib.suppress(OSError):  # the file keeps its unused end
            segment.close()
            if self._spare is None:
                self.prepare()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._move_on, Position(self.next_number, 0))

    def _move_on(self, place: Position) -> None:
        self.synced = place

    def _settle(self, group: Group, outcome: list[Position] | OSError) -> None:
        """Tell the waiters, in the event loop: places and `synced` move together."""
        for _ in group:
            self.unsynced.popleft()
        if isinstance(outcome, OSError):
            for _, waiter in group:
                waiter.not_logged(outcome)
            return
        last, content = outcome[-1], group[-1][0]
        if self._begun_at is None or last.segment != self.synced.segment:
            self._begun_at = asyncio.get_running_loop().time()
        self.synced = Position(last.segment, last.offset + len(content))
        for (_, waiter), at in zip(group, outcome, strict=True):
            waiter.logged(at)

    def _write(self, entries: Sequence[bytes]) -> list[Position]:
        segment = self._segment_for(sum(map(len, entries)))
        at, places = segment.end, []
        for entry in entries:
            places.append(Position(segment.number, at))
            at += len(entry)
        try:
            segment.append(entries)
        except OSError:
            # What a failed sync has left on the disk nobody can say: never append behind it.
            self._segment = None
            segment.close()
            raise
        return places

    def _segment_for(self, size: int) -> Segment:
        segment, half = self._segment, self._limits.segment_bytes // 2
        if segment is not None and segment.has_room(size) and self._fits(0):
            if self._spare is None and not segment.has_room(half):
                self.prepare()
            return segment
        room = max(size, self._limits.segment_bytes)
        if not self._fits(room):
            raise OSError(ENOSPC, f"less than {self._limits.floor_bytes} bytes would stay free")
        fresh = self._next_segment(room)
        if segment is not None:
            segment.close()
        self._segment, self.next_number = fresh, self.next_number + 1
        return fresh

    def _next_segment(self, size: int) -> Segment:
        """Return the segment made ahead, or one made now if there is none or it is too small."""
        spare = self._spare
        self._spare = None
        found = spare.take() if spare is not None else None
        if found is not None and found.has_room(size):
            return found
        if found is not None:
            found.discard()
        return Segment(self._folder, self.next_number, size)

    def _fits(self, size: int) -> bool:
        return free_bytes(self._folder) - size >= self._limits.floor_bytes
