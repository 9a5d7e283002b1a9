"""The log's files: preallocated segments, numbered in order, in a folder of one edge."""

import fcntl
import mmap
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from errno import EINVAL
from pathlib import Path
from typing import Final, NamedTuple

from ingest_edge.errors import BadSetting

_SUFFIX: Final = ".log"
# What is written past the kernel's cache must be in blocks, in memory (mmap's is) and in the file.
_BLOCK_BYTES: Final = 4_096
_ZEROES_BYTES: Final = 1 << 20


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
    """One file that is appended to, in whole blocks and past the kernel's cache where it can be.

    It is filled with zeroes at once: to sync what is written over them costs a tenth of syncing
    into space that was only reserved (0.1 ms against 1 ms on a busy disk), because nothing but the
    data changes. The last block is written again with what comes next.
    """

    def __init__(self, folder: Path, number: int, size: int) -> None:
        self.number = number
        self.end = 0
        self._size = size
        self._path = path_of(folder, number)
        self._block = mmap.mmap(-1, _whole_blocks(_ZEROES_BYTES))
        try:
            self._descriptor = _zeroes(self._path, _whole_blocks(size), os.O_DIRECT)
        except OSError as error:
            if error.errno != EINVAL:  # such a file system keeps no files past its cache
                raise
            self._descriptor = _zeroes(self._path, _whole_blocks(size), 0)
        _sync_folder(folder)

    def has_room(self, size: int) -> bool:
        """Tell whether so many bytes still fit."""
        return self.end + size <= self._size

    def append(self, entries: Sequence[bytes]) -> None:
        """Write at the end and wait for the disk; an OSError leaves the end where it was."""
        before = at = self.end % _BLOCK_BYTES
        size = before + sum(map(len, entries))
        whole = _whole_blocks(size)
        if whole > len(self._block):
            larger = mmap.mmap(-1, 2 * whole)
            larger[:before] = self._block[:before]
            self._block = larger
        block = self._block
        for entry in entries:
            block[at : at + len(entry)] = entry
            at += len(entry)
        block[size:whole] = bytes(whole - size)
        with memoryview(block) as view, view[:whole] as blocks:
            written = os.pwrite(self._descriptor, blocks, self.end - before)
        if written != whole:
            raise OSError(f"only {written} of {whole} bytes were written")
        os.fdatasync(self._descriptor)
        self.end += size - before
        begun = size % _BLOCK_BYTES
        block[:begun] = block[size - begun : size]

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


def _zeroes(path: Path, size: int, flags: int) -> int:
    """Return the descriptor of a new file of zeroes that are on disk."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | flags, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, size)
        with mmap.mmap(-1, _ZEROES_BYTES) as zeroes, memoryview(zeroes) as view:
            for start in range(0, size, _ZEROES_BYTES):
                with view[: size - start] as part:
                    os.pwrite(descriptor, part, start)
        os.fsync(descriptor)
    except OSError:
        os.close(descriptor)
        path.unlink(missing_ok=True)
        raise
    return descriptor


def _whole_blocks(size: int) -> int:
    return -(-size // _BLOCK_BYTES) * _BLOCK_BYTES


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
