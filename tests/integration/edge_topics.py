"""Read a topic of a running home from beginning to end."""

import json
import re
import time
import urllib.request
from contextlib import suppress
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition

from tests.integration.stack import Stack

_WAITING: Final = re.compile(
    r"^headwater_edge_(?:records_waiting|log_records|log_replaying) (\S+)$", re.M
)


def records(home: Stack, topic: str, committed: bool = False) -> list[Any]:
    """Return every record that stands in the topic now; with `committed`, no aborted ones.

    What the edge has answered from its log is given some seconds to arrive.
    """
    deadline = time.monotonic() + 5
    while _waits(home) and time.monotonic() < deadline:
        time.sleep(0.02)
    consumer = KafkaConsumer(
        bootstrap_servers=home.environment["HEADWATER_KAFKA_BOOTSTRAP"],
        isolation_level="read_committed" if committed else "read_uncommitted",
    )
    partitions = [TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic) or ()]
    consumer.assign(partitions)
    ends = consumer.end_offsets(partitions)
    consumer.seek_to_beginning()
    found: list[Any] = []
    while any(consumer.position(partition) < ends[partition] for partition in partitions):
        found += [r for batch in consumer.poll(timeout_ms=500).values() for r in batch]
    consumer.close()
    return found


def values(home: Stack, topic: str) -> list[dict[str, Any]]:
    """Return the records of a topic, decoded; what a test put there that is no JSON is left out."""
    found = []
    for record in records(home, topic):
        with suppress(ValueError, TypeError):
            found.append(json.loads(record.value))
    return [value for value in found if isinstance(value, dict)]


def _waits(home: Stack) -> bool:
    """Whether the edge holds records that the broker has not acknowledged; not if it is away."""
    try:
        with urllib.request.urlopen(f"{home.url('edge')}/metrics", timeout=2) as answer:
            return any(float(count) for count in _WAITING.findall(answer.read().decode()))
    except OSError:
        return False
