"""An entry of the log: the records of one request between a checksum and the next entry.

Layout, little endian: CRC32C of all that follows, bytes of the content, records in it, epoch ms of
the append, content (the records in MessagePack). Zeroes follow the last entry of a segment.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec
from crc32c import crc32c

from ingest_edge.record import Record

_CHECKSUM: Final = struct.Struct("<I")
_HEAD: Final = struct.Struct("<IIQ")
HEAD_BYTES: Final = _CHECKSUM.size + _HEAD.size
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(list[Record])
_NOTHING: Final = bytes(HEAD_BYTES)


class Entry(NamedTuple):
    """One entry as read: where it begins and ends in its segment, when it was appended."""

    start: int
    end: int
    at_ms: int
    records: list[Record]


def encode_entry(records: Sequence[Record], at_ms: int) -> bytes:
    """Return the bytes of one entry."""
    content = _ENCODER.encode(records)
    head = _HEAD.pack(len(content), len(records), at_ms)
    return b"".join((_CHECKSUM.pack(crc32c(content, crc32c(head))), head, content))


def entries(view: memoryview, start: int, limit: int) -> Iterator[Entry]:
    """Yield the entries from `start` on until `limit` or the first that is not whole.

    A length that was changed gives another checksum, as does any other bit.
    """
    while (entry := _entry_at(view, start, limit)) is not None:
        yield entry
        start = entry.end


def is_torn(view: memoryview, end: int) -> bool:
    """Tell whether something that is no entry stands where the entries end."""
    tail = bytes(view[end : end + HEAD_BYTES])
    return tail != _NOTHING[: len(tail)]


def count_records(view: memoryview, start: int) -> int:
    """Return how many records the segment says it has, by the heads alone (for a gauge)."""
    found, limit = 0, len(view)
    while start + HEAD_BYTES <= limit:
        length, count, _ = _HEAD.unpack_from(view, start + _CHECKSUM.size)
        if not length or start + HEAD_BYTES + length > limit:
            break
        found += count
        start += HEAD_BYTES + length
    return found


def _entry_at(view: memoryview, start: int, limit: int) -> Entry | None:
    content_at = start + HEAD_BYTES
    if content_at > limit:
        return None
    (checksum,) = _CHECKSUM.unpack_from(view, start)
    length, _, at_ms = _HEAD.unpack_from(view, start + _CHECKSUM.size)
    end = content_at + length
    if not length or end > limit:
        return None
    if crc32c(view[start + _CHECKSUM.size : end]) != checksum:
        return None
    return Entry(start, end, at_ms, _DECODER.decode(view[content_at:end]))
