"""Looks for a name in every file of a warehouse: as it lies on disk, and unpacked."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq


def traces(folder: Path, name: str) -> list[str]:
    """Return the files below a folder that hold a name, in rows, statistics or metadata."""
    start = beginning(name)
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [str(path.relative_to(folder)) for path in files if _holds(path, start)]


def beginning(name: str) -> bytes:
    """Return how much of a name to look for: of smallest and largest values Iceberg keeps 16."""
    return name.encode()[:15]


def _holds(path: Path, start: bytes) -> bool:
    return start in path.read_bytes() or any(start in part for part in unpacked(path))


def unpacked(path: Path) -> Iterator[bytes]:
    """Return what is packed in a file of a warehouse; nothing of other files."""
    if path.suffix == ".parquet":
        for column in pq.ParquetFile(path).read().columns:
            for chunk in column.chunks:
                yield from (bytes(part) for part in chunk.buffers() if part is not None)
    if path.suffix == ".avro":
        yield from _blocks(path.read_bytes())
    if path.name.endswith(".gz.metadata.json"):
        yield zlib.decompress(path.read_bytes(), wbits=31)


def _blocks(avro: bytes) -> Iterator[bytes]:
    """Return the blocks of an Avro file, unpacked; each ends with the file's mark."""
    head, *blocks = avro.split(avro[-16:])[:-1]
    if b"deflate" not in head:
        return
    for block in blocks:
        start = _skip_number(block, _skip_number(block, 0))
        yield zlib.decompress(block[start:], wbits=-15)


def _skip_number(content: bytes, at: int) -> int:
    while content[at] & 0x80:
        at += 1
    return at + 1
