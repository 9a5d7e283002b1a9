"""Send a heartbeat to each partition that got nothing, so that silence moves watermarks too."""

import asyncio
import uuid
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
    """Remembers when each partition of a topic last got a record, and breaks the silence."""

    def __init__(self, topic: str, sink: HeartbeatSink, clock: Clock, metrics: Metrics) -> None:
        self._topic = topic
        self._sink = sink
        self._clock = clock
        self._metrics = metrics
        self._keys: list[bytes] = []
        self._heard: dict[int, float] = {}

    def heard(self, topic: str, partition: int) -> None:
        """Note that a record arrived there."""
        if topic == self._topic:
            self._heard[partition] = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Beat until cancelled."""
        loop = asyncio.get_running_loop()
        counted_at = -_COUNT_AGAIN_SECONDS
        while True:
            if not self._keys or loop.time() - counted_at >= _COUNT_AGAIN_SECONDS:
                self.set_partitions(await asyncio.to_thread(self._sink.partitions, self._topic))
                counted_at = loop.time()
            self.beat(loop.time())
            await asyncio.sleep(_PERIOD / 2)

    def set_partitions(self, partitions: int) -> None:
        """Choose a key for each partition; 0 (broker away) keeps what is known."""
        if partitions and partitions != len(self._keys):
            self._keys = [key_for(p, partitions, "heartbeat-") for p in range(partitions)]

    def beat(self, now: float) -> None:
        """Send to each partition that heard nothing for a period. `now` in monotonic seconds."""
        moment = self._clock.now()
        for partition, key in enumerate(self._keys):
            if moment and now - self._heard.get(partition, 0.0) >= _PERIOD:
                # Noted at once: with the broker away, one waits per period, not a thousand.
                self._heard[partition] = now
                self._sink.put_later(self._record(key, moment))
                self._metrics.add("headwater_edge_heartbeats_total", self._topic)

    def _record(self, key: bytes, moment: int) -> Record:
        beat = Heartbeat(event_id=uuid.uuid4().hex, received_at=moment, event_at=moment)
        value = msgspec.json.encode(beat)
        return Record(self._topic, key, value, _SCHEMA, self._clock.record_time(moment))
