"""The end of topic `events`, read by a thread: what is appended from now on, nothing before.

No offsets are committed and no group is joined: each process reads all partitions by itself.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from schemas.load import TOPICS

_log: Final = logging.getLogger("headwater.serving")
_TOPIC: Final = TOPICS["events"].name
_ASK_SECONDS: Final = 5.0
_RETRY_SECONDS: Final = 1.0
_BATCH: Final = 500
_BATCH_SECONDS: Final = 0.05  # how long a batch may wait to fill: part of the feed's delay
_LOOK_SECONDS: Final = 60.0  # for partitions that were added


@dataclass(frozen=True)
class Arrived:
    """A record as it lies in the topic."""

    site_id: str
    place: str
    value: bytes


Take = Callable[[Sequence[Arrived]], None]


class Tail(Protocol):
    """What the feed needs of a topic. Both callbacks may be called from another thread."""

    def start(self, take: Take, ready: Callable[[], None]) -> None:
        """Read from now on: `ready` once nothing that is appended later can be missed."""

    def want(self, sites: frozenset[str]) -> None:
        """Say whose records are to be taken; others are skipped unread."""

    def stop(self) -> None:
        """Read no more."""


class KafkaTail:
    """Reads the topic of a real broker; while that is away it tries again."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._wanted: frozenset[bytes] = frozenset()
        self._stopping = threading.Event()

    def start(self, take: Take, ready: Callable[[], None]) -> None:
        """Start the thread."""
        self._stopping = stopping = threading.Event()
        arguments = (take, ready, stopping)
        threading.Thread(target=self._run, args=arguments, name="live", daemon=True).start()

    def want(self, sites: frozenset[str]) -> None:
        """Set the sites; counts from the next record on."""
        self._wanted = frozenset(site.encode() for site in sites)

    def stop(self) -> None:
        """Let the thread end; it does within a moment."""
        self._stopping.set()

    def _run(self, take: Take, ready: Callable[[], None], stopping: threading.Event) -> None:
        while not stopping.is_set():
            consumer = Consumer(_settings(self._bootstrap), logger=logging.getLogger("rdkafka"))
            try:
                self._read(consumer, take, ready, stopping)
            except KafkaException as error:
                _log.error("live feed: begins anew after %s", error)
                stopping.wait(_RETRY_SECONDS)
            finally:
                consumer.close()

    def _read(
        self,
        consumer: Consumer,
        take: Take,
        ready: Callable[[], None],
        stopping: threading.Event,
    ) -> None:
        partitions = _assigned(consumer, stopping)
        if not stopping.is_set():
            ready()
        look_at = time.monotonic() + _LOOK_SECONDS
        while not stopping.is_set():
            batch = consumer.consume(_BATCH, _BATCH_SECONDS)
            if taken := [_arrived(message) for message in batch if self._is_ours(message)]:
                take(taken)
            if time.monotonic() > look_at:
                look_at = time.monotonic() + _LOOK_SECONDS
                partitions |= _assign_new(consumer, partitions)

    def _is_ours(self, message: Message) -> bool:
        """Look at the key alone: most records are of sites that nobody watches."""
        if message.error() is not None:
            _log.warning("live feed: %s", message.error())
            return False
        return (message.key() or b"").partition(b":")[0] in self._wanted


def _settings(bootstrap: str) -> dict[str, object]:
    return {
        "bootstrap.servers": bootstrap,
        "client.id": "serving",
        "group.id": "serving",  # the client insists on one; it is never joined
        "enable.auto.commit": False,
        "auto.offset.reset": "latest",
        "fetch.wait.max.ms": 100,
        "queued.max.messages.kbytes": 8_192,
        "reconnect.backoff.max.ms": 1_000,
        "log_level": 4,
    }


def _assigned(consumer: Consumer, stopping: threading.Event) -> set[int]:
    """Take the end of every partition, however long the broker is away; return the partitions."""
    while not stopping.is_set():
        try:
            partitions = _partitions(consumer)
            ends = [_end(consumer, partition) for partition in partitions]
        except KafkaException as error:
            _log.warning("live feed: %s", error)
            stopping.wait(_RETRY_SECONDS)
            continue
        if partitions:
            consumer.assign(ends)
            return partitions
        stopping.wait(_RETRY_SECONDS)
    return set()


def _assign_new(consumer: Consumer, known: set[int]) -> set[int]:
    """Take partitions that were added, from their beginning; return them."""
    try:
        added = _partitions(consumer) - known
    except KafkaException:
        return set()
    if added:
        consumer.incremental_assign([TopicPartition(_TOPIC, partition, 0) for partition in added])
    return added


def _partitions(consumer: Consumer) -> set[int]:
    return set(consumer.list_topics(_TOPIC, timeout=_ASK_SECONDS).topics[_TOPIC].partitions)


def _end(consumer: Consumer, partition: int) -> TopicPartition:
    place = TopicPartition(_TOPIC, partition)
    _, high = consumer.get_watermark_offsets(place, timeout=_ASK_SECONDS)
    return TopicPartition(_TOPIC, partition, high)


def _arrived(message: Message) -> Arrived:
    site_id = (message.key() or b"").partition(b":")[0].decode()
    return Arrived(site_id, f"{message.partition()}-{message.offset()}", message.value() or b"")
