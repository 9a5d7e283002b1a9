"""Read log files, plain or gzip, and name them by what they hold."""

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Final

from cli.errors import UsageFault

_GZIP_MAGIC: Final = b"\x1f\x8b"


@dataclass(frozen=True)
class LogFile:
    """A file that was read through once: its lines and the SHA-256 of what they say.

    A rotated log that was compressed meanwhile has the same digest, so the same events.
    """

    path: Path
    digest: str
    line_count: int

    def lines(self) -> Iterator[str]:
        """Return the lines in order, without line ends; bytes that are no UTF-8 are replaced."""
        with _open(self.path) as file:
            for line in file:
                yield line.decode("utf-8", "replace").rstrip("\r\n")


def open_log(path: Path) -> LogFile:
    """Read the file through once. Raises UsageFault when it cannot be read or is broken."""
    digest, count = hashlib.sha256(), 0
    try:
        with _open(path) as file:
            for line in file:
                digest.update(line)
                count += 1
    except (OSError, EOFError) as error:
        raise UsageFault(
            f"The file cannot be read: {error}", where=str(path), fix="Check name and rights."
        ) from error
    return LogFile(path, digest.hexdigest(), count)


def _open(path: Path) -> gzip.GzipFile | BufferedReader:
    with path.open("rb") as file:
        is_gzip = file.read(2) == _GZIP_MAGIC
    return gzip.open(path) if is_gzip else path.open("rb")
