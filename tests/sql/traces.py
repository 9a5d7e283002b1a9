"""Looks for a name in every file of a warehouse: as it lies on disk, and unpacked."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq


def traces(folder: Path, name: str) -> list[str]:
    """Return the files below a folder that hold a name, in rows, statistics or metadata."""
    sought = name.encode()
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [str(path.relative_to(folder)) for path in files if _holds(path, sought)]


def _holds(path: Path, sought: bytes) -> bool:
    # Iceberg keeps the first 16 characters of the smallest and the largest value.
    start = sought[:15]
    return any(start in part for part in _contents(path))


def _contents(path: Path) -> Iterator[bytes]:
    raw = path.read_bytes()
    yield raw
    if path.suffix == ".parquet":
        for column in pq.ParquetFile(path).read().columns:
            for chunk in column.chunks:
                yield from (bytes(part) for part in chunk.buffers() if part is not None)
    if path.suffix == ".avro":
        yield from _blocks(raw)
    if path.name.endswith(".gz.metadata.json"):
        yield zlib.decompress(raw, wbits=31)


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
