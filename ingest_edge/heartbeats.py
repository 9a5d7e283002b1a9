"""Send a heartbeat to each partition that got nothing, so that silence moves watermarks too."""

import asyncio
import uuid
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from ingest_edge.clock import Clock
from ingest_edge.metrics import Metrics
from ingest_edge.partitions import key_for
from ingest_edge.record import Record
from schemas.load import RECORDS, RULES

_SCHEMA: Final = RECORDS["heartbeat"].header
_PERIOD: Final = float(RULES.delivery.heartbeat_seconds)
_COUNT_AGAIN_SECONDS: Final = 60.0


class Heartbeat(msgspec.Struct, kw_only=True):
    """Record `heartbeat` of schemas/avro."""

    record_kind: str = "heartbeat"
    site_id: str = ""
    event_id: str
    event_name: str = "heartbeat"
    received_at: int
    event_at: int


class HeartbeatSink(Protocol):
    """What heartbeats need of a sink."""

    def put_later(self, record: Record) -> None: ...

    def partitions(self, topic: str) -> int: ...


class Heartbeats:
    """Remembers when each partition of the topics last got a record, and breaks the silence."""

    def __init__(
        self, topics: Sequence[str], sink: HeartbeatSink, clock: Clock, metrics: Metrics
    ) -> None:
        self._sink = sink
        self._clock = clock
        self._metrics = metrics
        # Of each topic: a key for each partition, and when that was heard of.
        self._keys: dict[str, list[bytes]] = {topic: [] for topic in topics}
        self._heard: dict[str, dict[int, float]] = {topic: {} for topic in topics}

    def heard(self, topic: str, partition: int) -> None:
        """Note that a record arrived there."""
        if topic in self._heard:
            self._heard[topic][partition] = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Beat until cancelled."""
        loop = asyncio.get_running_loop()
        counted_at = -_COUNT_AGAIN_SECONDS
        while True:
            if not all(self._keys.values()) or loop.time() - counted_at >= _COUNT_AGAIN_SECONDS:
                await asyncio.to_thread(self._count)
                counted_at = loop.time()
            self.beat(loop.time())
            await asyncio.sleep(_PERIOD / 2)

    def _count(self) -> None:
        for topic in self._keys:
            self.set_partitions(topic, self._sink.partitions(topic))

    def set_partitions(self, topic: str, partitions: int) -> None:
        """Choose a key for each partition; 0 (broker away) keeps what is known."""
        if partitions and partitions != len(self._keys[topic]):
            self._keys[topic] = [key_for(p, partitions, "heartbeat-") for p in range(partitions)]

    def beat(self, now: float) -> None:
        """Send to each partition that heard nothing for a period. `now` in monotonic seconds."""
        moment = self._clock.now()
        if not moment:
            return
        for topic, keys in self._keys.items():
            heard = self._heard[topic]
            for partition, key in enumerate(keys):
                if now - heard.get(partition, 0.0) >= _PERIOD:
                    # Noted at once: with the broker away, one waits per period, not a thousand.
                    heard[partition] = now
                    self._sink.put_later(self._record(topic, key, moment))
                    self._metrics.add("headwater_edge_heartbeats_total", topic)

    def _record(self, topic: str, key: bytes, moment: int) -> Record:
        beat = Heartbeat(event_id=uuid.uuid4().hex, received_at=moment, event_at=moment)
        value = msgspec.json.encode(beat)
        return Record(topic, key, value, _SCHEMA, self._clock.record_time(moment))
