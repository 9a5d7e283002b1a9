"""A broker in memory, behind the interface of the edge's producer."""

import shutil
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from confluent_kafka import KafkaError, Message

from ingest_edge.config import Config
from ingest_edge.durable import DurableSink
from ingest_edge.metrics import Metrics
from ingest_edge.producer import KafkaProducer, Report
from ingest_edge.record import Record

TIMED_OUT = KafkaError(KafkaError._MSG_TIMED_OUT)  # noqa: SLF001 librdkafka's own name


class Place:
    """What the edge reads of an acknowledged message."""

    def topic(self) -> str:
        return "events"

    def partition(self) -> int:
        return 1


class MadeUpKafka(KafkaProducer):
    """Holds what it is sent until `is_up`; `gives_up` makes it report what it holds as lost."""

    def __init__(self) -> None:
        self.is_up = True
        self.gives_up = False
        self.room = 1_000_000
        self.records: list[Record] = []
        self._held: deque[tuple[Record, Report]] = deque()

    def send(self, records: Sequence[Record], report: Report) -> tuple[int, Exception | None]:
        for taken, record in enumerate(records):
            if len(self._held) >= self.room:
                return taken, BufferError("queue full")
            self._held.append((record, report))
        return len(records), None

    def poll(self) -> None:
        if not self.is_up and not self.gives_up:
            return
        held, self._held = self._held, deque()
        for record, report in held:
            if self.is_up:
                self.records.append(record)
            report(None if self.is_up else TIMED_OUT, cast("Message[bytes, bytes]", Place()))

    def partitions(self, topic: str) -> int:
        return 2 if self.is_up else 0


def config_of(home: Path, after_ms: int = 0, floor_bytes: int = 0) -> Config:
    return Config(
        home=home, host="", port=1, is_replay=False, kafka_bootstrap="", postgres_url="",
        geo_v4=None, geo_v6=None, trusted_proxies=(), log_after_ms=after_ms,
        log_floor_bytes=floor_bytes,
    )  # fmt: skip


class World:
    """One edge's sink with a made-up broker, in a folder of its own."""

    def __init__(self, home: Path, after_ms: int = 0, kafka: MadeUpKafka | None = None) -> None:
        self.home = home
        self.kafka = kafka or MadeUpKafka()
        self.metrics = Metrics()
        self.config = config_of(home, after_ms)
        self.sink = DurableSink(self.config, self.metrics, self.kafka)

    def after_kill(self) -> "World":
        """Return what starts after a kill -9 at this moment: the folder as it is on disk."""
        home = self.home.with_name(self.home.name + "x")
        shutil.copytree(self.home, home)
        return World(home, self.config.log_after_ms, self.kafka)

    def fill_disk(self, *, is_full: bool = True) -> None:
        """Let the disk be full, or have room again."""
        floor = 1 << 62 if is_full else 0
        log = self.sink.log
        assert log is not None
        log.set_floor(floor)

    @property
    def values(self) -> list[bytes]:
        """Return what the broker has, in order."""
        return [record.value for record in self.kafka.records]


def record(number: int, topic: str = "events", schema: str = "event.1") -> Record:
    return Record(topic, b"shop:v", b'{"n":%d}' % number, schema)
