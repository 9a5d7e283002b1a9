"""Read a topic of a running home from beginning to end."""

from typing import Any

from kafka import KafkaConsumer, TopicPartition

from tests.integration.stack import Stack


def records(home: Stack, topic: str, committed: bool = False) -> list[Any]:
    """Return every record that stands in the topic now; with `committed`, no aborted ones."""
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
