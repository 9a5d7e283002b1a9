"""Show a long download: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from typing import Final, TextIO

_BAR_WIDTH: Final = 30
_LINE_SECONDS: Final = 10.0
_MB: Final = 1e6
_WORTH_A_LINE: Final = 5_000_000


class Progress:
    """Progress of one file at a time, written to stderr."""

    def __init__(self, out: TextIO = sys.stderr) -> None:
        self._out = out
        self._is_terminal = out.isatty()
        self._name, self._total, self._done, self._shown_at = "", 0, 0, 0.0

    def start(self, name: str, total: int, done: int) -> None:
        """Begin a file of `total` bytes of which `done` are there already."""
        self._name, self._total, self._done = name, total, done
        self._shown_at = time.monotonic()

    def advance(self, count: int) -> None:
        """Add bytes; writes at most ten times a second (terminal) or every ten seconds.

        Without a terminal small files are not worth a line.
        """
        self._done += count
        is_whole = self._done >= self._total
        pause = 0.1 if self._is_terminal else _LINE_SECONDS
        is_due = time.monotonic() - self._shown_at > pause
        if is_due or (is_whole and (self._is_terminal or self._total > _WORTH_A_LINE)):
            self._shown_at = time.monotonic()
            self._out.write(self._line() + ("\n" if is_whole or not self._is_terminal else ""))
            self._out.flush()

    def note(self, text: str) -> None:
        """Write a line of its own."""
        self._out.write(f"  {text}\n")
        self._out.flush()

    def _line(self) -> str:
        share = self._done / max(self._total, 1)
        size = f"{self._done / _MB:7.1f} / {self._total / _MB:.1f} MB"
        if not self._is_terminal:
            return f"  {self._name} {size}"
        bar = ("#" * round(share * _BAR_WIDTH)).ljust(_BAR_WIDTH, ".")
        return f"\r  [{bar}] {size} {self._name:50.50}"
