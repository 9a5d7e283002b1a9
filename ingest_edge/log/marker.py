"""Where the next start begins to replay, and which segments are still needed."""

import os
from collections import deque
from pathlib import Path
from typing import Final

from ingest_edge.log.segments import Position, numbers, path_of

_FILE: Final = "acknowledged"


class Marker:
    """Follows what the broker has acknowledged, some time behind.

    A broker may forget what it acknowledged a moment ago when its machine loses power: what is
    `keep_seconds` old it has on its disk.
    """

    def __init__(self, folder: Path, keep_seconds: float) -> None:
        self._folder = folder
        self._keep_seconds = keep_seconds
        self._seen: deque[tuple[float, Position]] = deque()
        self._written: Position | None = None

    def read(self) -> Position:
        """Return where to begin: at the mark, or at the oldest segment there is."""
        first = Position(next(iter(numbers(self._folder)), 0), 0)
        try:
            segment, offset = (self._folder / _FILE).read_text("ascii").split()
            return max(first, Position(int(segment), int(offset)))
        except (OSError, ValueError):
            return first

    def advance(self, acknowledged: Position, now: float) -> None:
        """Note that all before a place is acknowledged. `now` in monotonic seconds.

        Moves the mark to what was so `keep_seconds` ago, and removes the segments before it.
        """
        if not self._seen or self._seen[-1][1] != acknowledged:
            self._seen.append((now, acknowledged))
        due = None
        while self._seen and now - self._seen[0][0] >= self._keep_seconds:
            due = self._seen.popleft()[1]
        if due is not None:
            self.write(due)

    def write(self, at: Position) -> None:
        """Put the mark at a place now, whole or not at all."""
        if at == self._written:
            return
        part = self._folder / f"{_FILE}.part"
        part.write_text(f"{at.segment} {at.offset}\n", "ascii")
        os.replace(part, self._folder / _FILE)
        self._written = at
        for number in numbers(self._folder):
            if number < at.segment:
                path_of(self._folder, number).unlink(missing_ok=True)
