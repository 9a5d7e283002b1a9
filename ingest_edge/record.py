"""One record on its way to a topic."""

from typing import NamedTuple


class Record(NamedTuple):
    """One record to write. `at` is its Kafka timestamp in epoch ms, 0 = the broker's."""

    topic: str
    key: bytes
    value: bytes
    schema: str
    at: int = 0
