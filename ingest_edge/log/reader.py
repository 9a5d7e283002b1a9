"""Read the log from a place on, in order, while it is being written."""

import logging
from pathlib import Path
from typing import Final

from ingest_edge.log.frame import Entry, count_records, entries, is_torn
from ingest_edge.log.segments import Position, mapped, numbers, path_of

_LOG: Final = logging.getLogger(__name__)


class LogReader:
    """Where the next entry to read begins. `torn` counts segments that ended in no entry."""

    def __init__(self, folder: Path, at: Position) -> None:
        self._folder = folder
        self.at = at
        self.torn = 0

    def read(self, until: Position, max_bytes: int) -> list[tuple[Position, Entry]]:
        """Return the next entries, of about `max_bytes`, before `until`; none when all are read.

        A segment counts as far as its entries are whole; the next one is read all the same.
        """
        while self.at < until:
            found = self._read_segment(until, max_bytes)
            if found:
                return found
            if self.at.segment >= until.segment:
                self.at = until
                break
            self._go_on(until)
        return []

    def _read_segment(self, until: Position, max_bytes: int) -> list[tuple[Position, Entry]]:
        number, start = self.at
        path = path_of(self._folder, number)
        if not path.exists():
            return []
        found: list[tuple[Position, Entry]] = []
        with mapped(path) as view:
            limit = min(until.offset, len(view)) if number == until.segment else len(view)
            for entry in entries(view, start, limit):
                found.append((Position(number, entry.start), entry))
                if entry.end - start >= max_bytes:
                    break
            end = found[-1][1].end if found else start
            if not found and end < limit and is_torn(view, end):
                self.torn += 1
                _LOG.error(
                    "log: %s is damaged at byte %d: what stands before it was read, %d bytes "
                    "behind it cannot be",
                    path.name, end, limit - end,
                )  # fmt: skip
        self.at = Position(number, end)
        return found

    def _go_on(self, until: Position) -> None:
        later = [n for n in numbers(self._folder) if self.at.segment < n <= until.segment]
        self.at = Position(later[0], 0) if later else until


def records_from(folder: Path, at: Position) -> int:
    """Return how many records stand from a place on, by what the heads of entries say."""
    total = 0
    for number in numbers(folder):
        if number >= at.segment:
            with mapped(path_of(folder, number)) as view:
                total += count_records(view, at.offset if number == at.segment else 0)
    return total
