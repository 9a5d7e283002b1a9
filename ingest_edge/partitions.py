"""Which partition a key goes to: Kafka's murmur2 partitioner, as Java and librdkafka have it."""

from itertools import count
from typing import Final

_SEED: Final = 0x9747B28C
_M: Final = 0x5BD1E995
_MASK: Final = 0xFFFFFFFF


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition of a key among so many."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def key_for(partition: int, partitions: int, prefix: str) -> bytes:
    """Return the first key `prefix` + number that goes to the partition."""
    return next(
        key
        for number in count()
        if partition_of(key := f"{prefix}{number}".encode(), partitions) == partition
    )


def murmur2(data: bytes) -> int:
    """Return Kafka's 32-bit murmur2 hash, unsigned."""
    length = len(data)
    h = _SEED ^ length
    for start in range(0, length - length % 4, 4):
        k = int.from_bytes(data[start : start + 4], "little") * _M & _MASK
        k = (k ^ (k >> 24)) * _M & _MASK
        h = (h * _M & _MASK) ^ k
    if rest := data[length - length % 4 :]:
        h = (h ^ int.from_bytes(rest, "little")) * _M & _MASK
    h = (h ^ (h >> 13)) * _M & _MASK
    return h ^ (h >> 15)
