"""What the launcher asks and does at the broker: topic ids, offsets, open transactions, marks."""

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from pipelines.flink_jobs.errors import KafkaUnavailable
from pipelines.flink_jobs.starts import Marks
from pipelines.flink_jobs.where_to_start import Held, Place

# Records of one source partition come in order, but for what several tasks had in their hands.
_TAIL_RECORDS: Final = 10_000
_DEADLINE_S: Final = 60
_OPEN: Final = ("Ongoing", "PrepareCommit", "PrepareAbort")


class Broker:
    """A connection to the broker; every fault raises KafkaUnavailable."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        try:
            self._admin = KafkaAdminClient(bootstrap_servers=bootstrap)
        except KafkaError as error:
            raise self._unavailable(error) from error

    def close(self) -> None:
        """Hang up."""
        self._admin.close()

    def topic_ids(self, topics: Iterable[str]) -> dict[str, str]:
        """Return Kafka's id of each topic: one made anew under the same name has another."""
        try:
            described = self._admin.describe_topics(list(topics))
        except KafkaError as error:
            raise self._unavailable(error) from error
        return {topic["name"]: str(topic["topic_id"]) for topic in described}

    def held(self, topics: Iterable[str]) -> dict[Place, Held]:
        """Return what each partition of the topics holds now."""
        ids = self.topic_ids(topics)
        consumer = KafkaConsumer(bootstrap_servers=self._bootstrap)
        try:
            parts = [
                TopicPartition(topic, part)
                for topic in ids
                for part in sorted(consumer.partitions_for_topic(topic) or ())
            ]
            first, end = consumer.beginning_offsets(parts), consumer.end_offsets(parts)
        except KafkaError as error:
            raise self._unavailable(error) from error
        finally:
            consumer.close()
        return {(p.topic, p.partition): Held(ids[p.topic], first[p], end[p]) for p in parts}

    def abort_transactions(self, prefix: str) -> list[str]:
        """Abort every open transaction whose id has the prefix; return their ids.

        Taking over the id makes the coordinator abort what was open under it, as Flink does.
        """
        try:
            by_broker = self._admin.list_transactions(state_filters=list(_OPEN))
            found = {each.transactional_id for listed in by_broker.values() for each in listed}
            names = sorted(name for name in found if name.startswith(prefix))
            for name in names:
                heir = KafkaProducer(bootstrap_servers=self._bootstrap, transactional_id=name)
                heir.init_transactions()
                heir.close()
        except KafkaError as error:
            raise self._unavailable(error) from error
        return names

    def committed_marks(self, topic: str, topics: Mapping[str, str]) -> Marks:
        """Return the newest source offset among the committed records of a topic we write.

        By source topic name and partition; `topics` maps ids to names. Reads the end of each
        partition: records of one source partition lie in order there.
        """
        consumer = KafkaConsumer(
            bootstrap_servers=self._bootstrap, isolation_level="read_committed"
        )
        try:
            return _marks(_tail(consumer, topic), topics)
        except KafkaError as error:
            raise self._unavailable(error) from error
        finally:
            consumer.close()

    def _unavailable(self, error: KafkaError) -> KafkaUnavailable:
        return KafkaUnavailable(f"Kafka at {self._bootstrap}: {error}. See `headwater status`.")


def _tail(consumer: Any, topic: str) -> Iterable[bytes]:
    """Yield the values of the last records of every partition that are committed."""
    parts = [TopicPartition(topic, part) for part in consumer.partitions_for_topic(topic) or ()]
    consumer.assign(parts)
    first, end = consumer.beginning_offsets(parts), consumer.end_offsets(parts)
    for part in parts:
        consumer.seek(part, max(first[part], end[part] - _TAIL_RECORDS))
    deadline = time.monotonic() + _DEADLINE_S
    while any(consumer.position(part) < end[part] for part in parts):
        if time.monotonic() > deadline:
            raise KafkaUnavailable(f"reading the end of topic {topic} took over {_DEADLINE_S} s.")
        for records in consumer.poll(timeout_ms=500).values():
            yield from (record.value for record in records if record.value)


def _marks(values: Iterable[bytes], topics: Mapping[str, str]) -> Marks:
    marks: dict[Place, int] = {}
    for value in values:
        record = json.loads(value)
        name = topics.get(record["topic_id"])
        if name is not None:
            place = (name, record["topic_partition"])
            marks[place] = max(marks.get(place, -1), record["topic_offset"])
    return marks
