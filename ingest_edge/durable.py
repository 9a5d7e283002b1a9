"""Make records durable: on disk in the edge's own log, or acknowledged by the broker.

Kafka up: each batch goes to the broker and to the log, and what is durable first answers. Kafka
away: the log alone answers, and its entries are replayed in order until none is left.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from confluent_kafka import Message

from ingest_edge.batch import Batch
from ingest_edge.config import Config
from ingest_edge.errors import LogFull, NotDurable
from ingest_edge.log.event_log import EventLog
from ingest_edge.log.frame import Entry
from ingest_edge.log.segments import Position
from ingest_edge.metrics import GaugeName, Metrics
from ingest_edge.producer import KafkaProducer, is_fatal, is_too_large
from ingest_edge.record import Record
from ingest_edge.sink import Heard, tells
from schemas.load import RECORDS

_LOG: Final = logging.getLogger(__name__)
_FIX: Final = "Send the same batch again, with the same event ids; nothing will count twice."
_HEARTBEAT: Final = RECORDS["heartbeat"].header
# Reports are fetched this often: where the broker answers, an answer is late by half of it.
_POLL_SECONDS: Final = 0.001
_LAZY_POLL_SECONDS: Final = 0.01
_TICK_SECONDS: Final = 1.0
# Heartbeats bring an acknowledgement a second; without one for this long the broker is asked.
_SILENCE_SECONDS: Final = 2.0
_CLOSE_SECONDS: Final = 10.0
# The replay reads this much at once, has so many records under way, and lets requests in between.
_CHUNK_BYTES: Final = 1_000_000
_WINDOW: Final = 20_000
_BREATH: Final = 200
_PAUSE_SECONDS: Final = 1.0


class DurableSink:
    """The broker and the log together. Everything but the log's thread is in the event loop.

    `_tracked` holds, in the log's order, the batches that were sent to the broker and are in the
    log or on the way there. `is_direct`: new batches go to the broker at once; else they wait in
    the log behind those that the replay has still to send.
    """

    def __init__(
        self, config: Config, metrics: Metrics, producer: KafkaProducer | None = None
    ) -> None:
        self._after = None if config.log_after_ms < 0 else config.log_after_ms / 1000
        self.log = None if self._after is None else EventLog(config.log_folder, config.log_limits)
        self._kafka = producer or KafkaProducer(config)
        self._metrics = metrics
        self._pause = _LAZY_POLL_SECONDS if self._after == 0 else _POLL_SECONDS
        self.on_delivered: Callable[[str, int], None] = lambda topic, partition: None
        self.is_direct = True
        self._tracked: deque[Batch] = deque()
        self._unlogged: deque[Batch] = deque()
        self._poller: asyncio.TimerHandle | None = None
        self._ticker: asyncio.TimerHandle | None = None
        self._replaying: asyncio.Task[None] | None = None
        self._replay_at = Position(0, 0)
        self._has_failed = False
        self._round = 0
        self._waiting = 0
        self._behind = 0
        self._behind_since_ms = 0
        self._heard_at = float("-inf")
        self._fallen_at = 0.0
        self._counting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Replay what an earlier process left in the log, in the background."""
        self._tick()
        if self.log is None:
            return
        self.log.prepare()
        if self.log.has_older():
            at = self.log.mark
            self._fall_back(at)
            self._counting = asyncio.ensure_future(self._count_behind(self.log, at))

    async def put(self, records: Sequence[Record]) -> None:
        """Return when the log has all records, or the broker acknowledged every one."""
        if not records:
            return
        future = asyncio.get_running_loop().create_future()
        self.submit(records, tells(future))
        await future

    def submit(self, records: Sequence[Record], heard: Heard) -> None:
        """Begin to make records durable, at least one; `heard` is told once how it went."""
        batch = Batch(self, records, heard, round=self._round, started=time.monotonic())
        if self.is_direct:
            self._send(batch)
        if self.log is None:
            if not batch.is_sent:
                self._give_up(batch, "the broker's queue is full")
        elif self._after == 0 or not self.is_direct:
            self._append(batch)
        else:
            self._unlogged.append(batch)

    def put_later(self, record: Record) -> None:
        """Write without waiting. A heartbeat that comes late is none: only sent, never kept."""
        batch = Batch(self, (record,), None, round=self._round, started=time.monotonic())
        # Heartbeats tell, too, when the broker is back.
        if self.is_direct or record.schema == _HEARTBEAT:
            self._send(batch)
        elif self.log is not None:
            self._append(batch)
        if not batch.is_sent and not batch.is_logging:
            self._count_failed(batch)

    async def can_write(self, topic: str) -> bool:
        """Tell whether the log has room or the broker answers."""
        has_room = self.log is not None and self.log.has_room()
        return has_room or await self._is_broker_there(topic)

    async def checks(self, topic: str) -> dict[str, str]:
        """Return the state of broker and log."""
        there = await self._is_broker_there(topic)
        found = {"kafka": "ok" if there else "away, or the topic is missing"}
        if self.log is not None:
            found["log"] = "ok" if self.log.has_room() else "the disk is at its floor"
        return found

    def gauges(self) -> dict[GaugeName, float]:
        """Return how much waits, and since when."""
        behind = self._behind + sum(one.waiting for one in self._tracked)
        low = self._acknowledged()
        return {
            "headwater_edge_records_waiting": float(self._waiting),
            "headwater_edge_log_records": float(behind),
            "headwater_edge_log_bytes": float(self.log.bytes_from(low)) if self.log else 0.0,
            "headwater_edge_log_oldest_seconds": self._oldest_seconds(),
            "headwater_edge_log_replaying": float(not self.is_direct),
        }

    def partitions(self, topic: str) -> int:
        """Return the topic's partition count; 0 while the broker is away."""
        return self._kafka.partitions(topic)

    async def close(self) -> None:
        """Wait for the broker a while; what it does not acknowledge stays in the log."""
        for task in (self._replaying, self._counting):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        deadline = time.monotonic() + _CLOSE_SECONDS
        while self._waiting and self.is_direct and time.monotonic() < deadline:
            self._poll_soon()
            await asyncio.sleep(self._pause)
        for timer in (self._ticker, self._poller):
            if timer is not None:
                timer.cancel()
        if self.log is not None:
            await asyncio.to_thread(self.log.close)
            if self.is_direct and not any(not one.is_acknowledged for one in self._tracked):
                self.log.set_mark(self.log.end)

    def reported(self, batch: Batch, last: Message) -> None:
        """Hear the last report of a batch; it speaks for the partition of all."""
        self._waiting -= batch.size
        if not batch.is_sent:
            return
        if batch.error is None:
            topic = last.topic() or ""
            self._heard_at = asyncio.get_running_loop().time()
            self.on_delivered(topic, last.partition() or 0)
            batch.is_acknowledged = True
            batch.finish()
        else:
            self._not_delivered(batch)

    def logged(self, batch: Batch) -> None:
        """Hear that the log has a batch."""
        self._metrics.add("headwater_edge_log_appended_total", batch.topic, len(batch.records))
        batch.finish()

    def not_logged(self, batch: Batch, error: OSError) -> None:
        """Hear that the log has no room: the broker may still acknowledge."""
        self._metrics.add("headwater_edge_log_refused_total", batch.topic, len(batch.records))
        if not self.is_direct:
            self._behind -= len(batch.records)
        with contextlib.suppress(ValueError):
            self._tracked.remove(batch)
        if not (batch.is_sent and batch.waiting and self.is_direct):
            self._give_up(batch, f"the log cannot be written: {error.strerror or error}")

    def _not_delivered(self, batch: Batch) -> None:
        error = batch.error
        if is_fatal(error):
            self._kafka.renew()
        if is_too_large(error):
            self._set_aside(batch)
        elif batch.is_logging:
            if batch.round == self._round:
                self._fall_back(None)
        elif self.log is None or batch.records[0].schema == _HEARTBEAT:
            self._count_failed(batch)
            self._give_up(batch, f"the broker did not acknowledge: {error.str() if error else ''}")
        else:
            if self.is_direct:
                self._fall_back(None)
            if not batch.is_logging:
                self._append(batch)

    def _set_aside(self, batch: Batch) -> None:
        """Let go of what no broker will ever take, or it would be replayed for good."""
        _LOG.error("kafka: %d records are too large: dropped", len(batch.records))
        self._count_failed(batch)
        batch.is_acknowledged = True
        self._give_up(batch, "the broker takes no record that large")

    def _give_up(self, batch: Batch, why: str) -> None:
        kind = NotDurable if self.log is None else LogFull
        batch.finish(kind(("", why, _FIX)))

    def _count_failed(self, batch: Batch) -> None:
        self._metrics.add("headwater_edge_records_failed_total", batch.topic, len(batch.records))

    def _send(self, batch: Batch) -> None:
        """Send a batch; where the broker's queue is full, the log takes over."""
        batch.size, error = self._kafka.send(batch.records, batch.report)
        if error is None:
            batch.is_sent = True
        else:
            # Those before may arrive all the same; a retry repeats their event ids.
            batch.waiting -= len(batch.records) - batch.size
            self._not_taken(batch, error)
        self._waiting += batch.size
        if self._poller is None and self._waiting:
            self._poll_soon()

    def _not_taken(self, batch: Batch, error: Exception) -> None:
        if is_fatal(error):
            self._kafka.renew()
        if is_too_large(error):
            self._set_aside(batch)
        else:
            self._fall_back(None)

    def _append(self, batch: Batch) -> None:
        assert self.log is not None  # noqa: S101
        batch.is_logging = True
        batch.at_ms = time.time_ns() // 1_000_000
        self.log.append(batch.records, batch.at_ms, batch)
        if self.is_direct:
            self._tracked.append(batch)
        else:
            self._behind += len(batch.records)
            self._behind_since_ms = self._behind_since_ms or batch.at_ms

    def _poll_soon(self) -> None:
        self._poller = asyncio.get_running_loop().call_later(self._pause, self._poll)

    def _poll(self) -> None:
        self._kafka.poll()
        self._poller = None
        while self._tracked and self._tracked[0].is_acknowledged:
            self._tracked.popleft()
        if self._unlogged:
            self._append_overdue()
        if self._waiting:
            self._poll_soon()

    def _append_overdue(self) -> None:
        """Put into the log what the broker has not acknowledged in time."""
        due = time.monotonic() - (self._after or 0)
        while self._unlogged and (
            self._unlogged[0].is_acknowledged or self._unlogged[0].started <= due
        ):
            batch = self._unlogged.popleft()
            if not batch.is_acknowledged and not batch.is_logging:
                self._append(batch)

    def _fall_back(self, at: Position | None) -> None:
        """Let the log take over; the replay begins at a place, or at what waits longest."""
        if self.log is None:
            return
        if not self.is_direct:
            self._has_failed = True
            return
        self.is_direct = False
        self._rewind(at)
        while self._unlogged:
            batch = self._unlogged.popleft()
            if not batch.is_acknowledged and not batch.is_logging:
                self._append(batch)
        self._replaying = asyncio.ensure_future(self._replay(self.log))

    def _rewind(self, at: Position | None) -> None:
        """Give up what is under way and note where to send again from."""
        left = [one for one in self._tracked if not one.is_acknowledged]
        self._replay_at = at or self._acknowledged()
        self._behind += sum(len(one.records) for one in left if one.place or one.is_logging)
        self._behind_since_ms = left[0].at_ms if left else self._behind_since_ms
        self._tracked.clear()
        self._round += 1
        self._has_failed = False
        self._fallen_at = asyncio.get_running_loop().time()

    async def _replay(self, log: EventLog) -> None:
        """Send the log's entries in order until none is left, then let batches go directly."""
        reader = log.reader(self._replay_at)
        while True:
            if self._has_failed:
                self._rewind(None)
                reader.at = self._replay_at
                await asyncio.sleep(_PAUSE_SECONDS)
            found = await asyncio.to_thread(reader.read, log.synced, _CHUNK_BYTES)
            if found:
                await self._replay_entries(found)
                if not self._has_failed:
                    self._replay_at = reader.at
            elif reader.at >= log.synced and self._go_direct(log):
                return
            else:
                await asyncio.sleep(log.limits.group_seconds)

    async def _replay_entries(self, found: Sequence[tuple[Position, Entry]]) -> None:
        sent = 0
        for place, entry in found:
            while self._waiting > _WINDOW and not self._has_failed:
                await asyncio.sleep(_LAZY_POLL_SECONDS)
            if self._has_failed:
                return
            batch = Batch(self, entry.records, None, round=self._round, started=time.monotonic())
            batch.at_ms, batch.place, batch.is_logging = entry.at_ms, place, True
            self._replay_at = place
            self._tracked.append(batch)
            self._send(batch)
            self._behind = max(0, self._behind - len(entry.records))
            self._behind_since_ms = entry.at_ms
            self._metrics.add("headwater_edge_log_replayed_total", batch.topic, len(entry.records))
            sent += len(entry.records)
            if sent >= _BREATH:
                sent = 0
                await asyncio.sleep(0)

    def _go_direct(self, log: EventLog) -> bool:
        """Send what is on its way into the log, then whatever comes; False if that must wait."""
        left = [one for one in log.unsynced if isinstance(one, Batch)]
        is_heard = self._heard_at >= self._fallen_at
        if self._has_failed or not is_heard or any(one.is_sent for one in left):
            return False
        self.is_direct = True
        self._behind = self._behind_since_ms = 0
        for batch in left:
            batch.round = self._round
            self._tracked.append(batch)
        for batch in left:
            if self.is_direct:
                self._send(batch)
        return True

    async def _count_behind(self, log: EventLog, at: Position) -> None:
        """Find out how many records an earlier process left."""
        round, count = self._round, await asyncio.to_thread(log.records_from, at)
        _LOG.info("log: %d records of an earlier process are replayed", count)
        if not self.is_direct and self._round == round:
            self._behind += count

    def _tick(self) -> None:
        """Move the mark on, once a second."""
        loop = asyncio.get_running_loop()
        if self.log is not None:
            self.log.end_old_segment(loop.time())
            # Removing a segment may take the disk a while.
            at = self._acknowledged()
            loop.run_in_executor(None, self.log.acknowledge, at, loop.time())
        self._ticker = loop.call_later(_TICK_SECONDS, self._tick)

    def _acknowledged(self) -> Position:
        """Return the place in the log before which the broker has acknowledged everything."""
        if self.log is None:
            return Position(0, 0)
        for batch in self._tracked:
            if not batch.is_acknowledged:
                return batch.place or self.log.synced
        return self.log.synced if self.is_direct else self._replay_at

    def _oldest_seconds(self) -> float:
        oldest = next((b.at_ms for b in self._tracked if not b.is_acknowledged), 0)
        since = oldest or (0 if self.is_direct else self._behind_since_ms)
        return max(0.0, time.time() - since / 1000) if since else 0.0

    async def _is_broker_there(self, topic: str) -> bool:
        if asyncio.get_running_loop().time() - self._heard_at < _SILENCE_SECONDS:
            return True
        return await asyncio.to_thread(self.partitions, topic) > 0
