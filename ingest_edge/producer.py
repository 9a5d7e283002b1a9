"""Kafka as the edge sees it: records out, delivery reports in the event loop itself, no thread."""

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from ingest_edge.config import Config
from ingest_edge.record import Record
from schemas.load import RECORDS, TOPICS

Report = Callable[[KafkaError | None, Message], None]
_HEADERS: Final[dict[str, list[tuple[str, str | bytes | None]]]] = {
    record.header: [("schema", record.header.encode())] for record in RECORDS.values()
}
_LOG: Final = logging.getLogger("rdkafka")
_ASK_SECONDS: Final = 0.5


class KafkaProducer:
    """Sends records, acks=all, idempotent."""

    def __init__(self, config: Config) -> None:
        self._settings = _settings(config)
        self._producer = Producer(self._settings, logger=_LOG)

    def send(self, records: Sequence[Record], report: Report) -> tuple[int, Exception | None]:
        """Hand records over; return how many were taken, and what stopped the next one.

        That is a BufferError (the queue is full) or a KafkaException.
        """
        produce, taken = self._producer.produce, 0
        try:
            for topic, key, value, schema, at in records:
                produce(topic, value, key, -1, report, None, at, _HEADERS[schema])
                taken += 1
        except (BufferError, KafkaException) as error:
            return taken, error
        return taken, None

    def poll(self) -> None:
        """Run the reports that have come."""
        self._producer.poll(0)

    def renew(self) -> None:
        """Begin again after a fatal error; what was under way is not reported any more."""
        self._producer = Producer(self._settings, logger=_LOG)

    def partitions(self, topic: str) -> int:
        """Return the topic's partition count, asking the broker; 0 while it is away."""
        try:
            found = self._producer.list_topics(topic, timeout=_ASK_SECONDS).topics[topic]
        except KafkaException:
            return 0
        return 0 if found.error else len(found.partitions)


def is_fatal(error: BaseException | KafkaError | None) -> bool:
    """Tell whether the producer can send nothing any more."""
    found = _kafka_error(error)
    return found is not None and bool(found.fatal())


def is_too_large(error: BaseException | KafkaError | None) -> bool:
    """Tell whether the record is larger than the broker takes: sending again is of no use."""
    found = _kafka_error(error)
    return found is not None and found.code() == KafkaError.MSG_SIZE_TOO_LARGE


def _kafka_error(error: BaseException | KafkaError | None) -> KafkaError | None:
    if isinstance(error, KafkaException):
        error = error.args[0]
    return error if isinstance(error, KafkaError) else None


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
        # Nobody waits for the broker where the log answers, and larger batches cost less.
        "linger.ms": 20 if config.log_after_ms == 0 else 2,
        "compression.type": "lz4",
        "queue.buffering.max.messages": 200_000,
        "queue.buffering.max.kbytes": 262_144,
        "reconnect.backoff.max.ms": 1_000,
        "log_level": 4,
    }
