"""The log's files: preallocated segments, numbered in order, in a folder of one edge."""

import fcntl
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from ingest_edge.errors import BadSetting

_SUFFIX: Final = ".log"
_ZEROES: Final = bytes(1 << 20)


class Position(NamedTuple):
    """A place in the log: the segment's number, and bytes from its beginning."""

    segment: int
    offset: int


def path_of(folder: Path, number: int) -> Path:
    """Return the file of a segment."""
    return folder / f"{number:012d}{_SUFFIX}"


def numbers(folder: Path) -> list[int]:
    """Return the numbers of the segments that are there, in order."""
    return sorted(int(p.stem) for p in folder.glob(f"*{_SUFFIX}") if p.stem.isdigit())


def lock(folder: Path) -> int:
    """Return the descriptor that holds the folder for this process.

    Raises BadSetting if another holds it, or it cannot be written. The lock ends with the process,
    however that ends.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise BadSetting(
            f"{folder} cannot be written ({error.strerror}): set HEADWATER_HOME to one that can"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise BadSetting(
            f"another edge uses {folder}: stop it, or give this one a HEADWATER_HOME of its own"
        ) from error
    return descriptor


def free_bytes(folder: Path) -> int:
    """Return how much of the disk this process may still fill."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


class Segment:
    """One file that is appended to.

    It is filled with zeroes at once: to sync what is written over them costs a tenth of syncing
    into space that was only reserved (0.1 ms against 1 ms on a busy disk), because nothing but the
    data changes.
    """

    def __init__(self, folder: Path, number: int, size: int) -> None:
        self.number = number
        self.end = 0
        self._size = size
        self._path = path = path_of(folder, number)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.posix_fallocate(self._descriptor, 0, size)
            for start in range(0, size, len(_ZEROES)):
                os.pwrite(self._descriptor, _ZEROES[: size - start], start)
            os.fsync(self._descriptor)
            _sync_folder(folder)
        except OSError:
            self.discard()
            raise

    def has_room(self, size: int) -> bool:
        """Tell whether so many bytes still fit."""
        return self.end + size <= self._size

    def append(self, content: bytes) -> None:
        """Write at the end and wait for the disk; an OSError leaves the end where it was."""
        written = os.pwrite(self._descriptor, content, self.end)
        if written != len(content):
            raise OSError(f"only {written} of {len(content)} bytes were written")
        os.fdatasync(self._descriptor)
        self.end += written

    def discard(self) -> None:
        """Remove the file: nothing was written to it."""
        os.close(self._descriptor)
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Give back what was not used."""
        try:
            os.ftruncate(self._descriptor, self.end)
        finally:
            os.close(self._descriptor)


@contextmanager
def mapped(path: Path) -> Iterator[memoryview]:
    """Yield the content of a segment, as it is now."""
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            yield memoryview(b"")
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            view = memoryview(content)
            try:
                yield view
            finally:
                view.release()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
