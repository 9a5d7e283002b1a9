"""Make records durable: Kafka, acks=all, idempotent; done means the broker has them."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, Protocol

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from ingest_edge.config import Config
from ingest_edge.errors import NotDurable
from ingest_edge.metrics import Metrics
from schemas.load import RECORDS, TOPICS

_LOG: Final = logging.getLogger(__name__)
_FIX: Final = "Send the same batch again, with the same event ids; nothing will count twice."
# While records wait, delivery reports are fetched this often: the answer is late by half of it.
_POLL_SECONDS: Final = 0.001
_HEADERS: Final[dict[str, list[tuple[str, str | bytes | None]]]] = {
    record.header: [("schema", record.header.encode())] for record in RECORDS.values()
}


class Record(NamedTuple):
    """One record to write. `at` is its Kafka timestamp in epoch ms, 0 = the broker's."""

    topic: str
    key: bytes
    value: bytes
    schema: str
    at: int = 0


class Sink(Protocol):
    """Where records are made durable."""

    async def put(self, records: Sequence[Record]) -> None:
        """Return when all records are durable; NotDurable if one may not be."""

    def put_later(self, record: Record) -> None:
        """Write without waiting; a failure is counted, not raised."""

    async def can_write(self, topic: str) -> bool:
        """Tell whether the topic can be written now."""

    async def close(self) -> None:
        """Wait for what is under way, then let go."""

    @property
    def waiting(self) -> int:
        """Return how many records wait for their acknowledgement."""


class _Batch:
    """Records of one call of `put`, and how many of them still wait."""

    __slots__ = ("error", "failed", "future", "sink", "size", "waiting")

    def __init__(self, sink: "KafkaSink", count: int, future: asyncio.Future[None]) -> None:
        self.sink = sink
        self.size = self.waiting = count
        self.future = future
        self.error: KafkaError | None = None
        self.failed = 0

    def report(self, error: KafkaError | None, message: Message) -> None:
        """Take one delivery report; the last one ends the waiting.

        Called once a record, so it does no more than count; a batch is mostly of one visitor and
        so of one partition, and the last record speaks for all.
        """
        self.waiting -= 1
        if error is not None:
            self.error = error
            self.failed += 1
        if self.waiting == 0:
            self.sink.settle(self, message)


class KafkaSink:
    """A producer whose reports are fetched by the event loop itself: no thread, no lock."""

    def __init__(self, config: Config, metrics: Metrics) -> None:
        self._producer = Producer(_settings(config))
        self._metrics = metrics
        self._poller: asyncio.TimerHandle | None = None
        self.on_delivered: Callable[[str, int], None] = lambda topic, partition: None
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """Return how many records wait for their acknowledgement."""
        return self._waiting

    async def put(self, records: Sequence[Record]) -> None:
        """Write all records and wait for the broker to acknowledge every one."""
        if not records:
            return
        batch = _Batch(self, len(records), asyncio.get_running_loop().create_future())
        produce, report = self._producer.produce, batch.report
        for index, (topic, key, value, schema, at) in enumerate(records):
            try:
                produce(topic, value, key, -1, report, None, at, _HEADERS[schema])
            except (BufferError, KafkaException) as error:
                # Those before may arrive all the same; a retry repeats their event ids.
                batch.waiting -= len(records) - index
                batch.size = index
                self._waiting += index
                self._poll_soon()
                raise NotDurable(("", f"record {index} was not taken: {error}", _FIX)) from error
        self._waiting += len(records)
        self._poll_soon()
        await batch.future
        if batch.error is not None:
            raise NotDurable(("", f"the broker did not acknowledge: {batch.error.str()}", _FIX))

    def put_later(self, record: Record) -> None:
        """Write without waiting."""
        topic, key, value, schema, at = record
        batch = _Batch(self, 1, asyncio.get_running_loop().create_future())
        try:
            self._producer.produce(topic, value, key, -1, batch.report, None, at, _HEADERS[schema])
        except (BufferError, KafkaException):
            self._metrics.add("headwater_edge_records_failed_total", topic)
            return
        self._waiting += 1
        self._poll_soon()

    def settle(self, batch: _Batch, last: Message) -> None:
        """End the waiting of a batch whose last report has come."""
        self._waiting -= batch.size
        topic = last.topic() or ""
        if batch.failed:
            self._metrics.add("headwater_edge_records_failed_total", topic, batch.failed)
        if batch.failed < batch.size:
            self.on_delivered(topic, last.partition() or 0)
        if not batch.future.done():
            batch.future.set_result(None)

    def partitions(self, topic: str) -> int:
        """Return the topic's partition count, asking the broker; 0 while it is away."""
        try:
            found = self._producer.list_topics(topic, timeout=2).topics[topic]
        except KafkaException:
            return 0
        return 0 if found.error else len(found.partitions)

    async def can_write(self, topic: str) -> bool:
        """Ask the broker for the topic."""
        return await asyncio.to_thread(self.partitions, topic) > 0

    async def close(self) -> None:
        """Wait for what is under way, then let go."""
        await asyncio.to_thread(self._producer.flush, 10)

    def _poll_soon(self) -> None:
        if self._poller is None:
            self._poller = asyncio.get_running_loop().call_later(_POLL_SECONDS, self._poll)

    def _poll(self) -> None:
        self._producer.poll(0)
        self._poller = None
        if self._waiting:
            self._poll_soon()


def _settings(config: Config) -> dict[str, Any]:
    events = TOPICS["events"]
    return {
        "bootstrap.servers": config.kafka_bootstrap,
        "client.id": "ingest_edge",
        "acks": "all",
        "enable.idempotence": True,
        # The same as Java's default, so that jobs that write by key find the same partition.
        "partitioner": events.partitioner,
        "message.max.bytes": events.max_message_bytes,
        "delivery.timeout.ms": config.delivery_timeout_ms,
        "linger.ms": 2,
        "compression.type": "lz4",
        "queue.buffering.max.messages": 200_000,
        "queue.buffering.max.kbytes": 262_144,
        "reconnect.backoff.max.ms": 1_000,
        "log_level": 4,
    }
