"""Take a parsed batch through the steps, make it durable, say what became of each event."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec

from ingest_edge.arrival import Arrival
from ingest_edge.clock import Clock
from ingest_edge.config import Config
from ingest_edge.errors import BadRequest, DropReason, Refusal
from ingest_edge.event import SCHEMA, Event, encode
from ingest_edge.geo import Geo
from ingest_edge.key_store import KeyStore
from ingest_edge.limits import Limits
from ingest_edge.metrics import Metrics
from ingest_edge.pointers import POINTERS, is_pointers, pointers_of
from ingest_edge.pointers import SCHEMA as POINTERS_SCHEMA
from ingest_edge.privacy import AddressMask, masked_payload
from ingest_edge.record import Record
from ingest_edge.salts import Salts
from ingest_edge.sink import Sink
from ingest_edge.steps import run_steps
from pipelines.blobs import Blobs
from schemas.load import RECORDS, RULES

EVENTS: Final = "events"
IMPORTED: Final = "imported-events"
REJECTED: Final = "rejected-events"
_REJECTED_SCHEMA: Final = RECORDS["rejected_event"].header
_MAX_PAYLOAD_BYTES: Final = RULES.delivery.rejected_max_bytes
_MAX_FAULTS: Final = 100


@dataclass(frozen=True)
class Edge:
    """Everything a route needs; one per process."""

    config: Config
    clock: Clock
    keys: KeyStore
    geo: Geo
    sink: Sink
    metrics: Metrics
    limits: Limits
    salts: Salts
    # Where recordings go.
    blobs: Blobs


class Parsed(NamedTuple):
    """One event of a batch: as sent, and as read or refused by the dialect."""

    raw: bytes | msgspec.Raw
    result: Event | Refusal
    arrival: Arrival
    mask: AddressMask


class RejectedEvent(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Record `rejected_event` of schemas/avro."""

    site_id: str | None = None
    received_at: int
    reason: str
    field: str | None = None
    detail: str
    payload: str | None = None


class Outcome(NamedTuple):
    """What became of a batch; refusals with the place of the event in the batch."""

    accepted: int
    refusals: list[tuple[int, Refusal]]

    @property
    def status(self) -> int:
        """200, or 207 when the sender did something wrong: an erased person is no fault."""
        return 207 if _faults(self.refusals) else 200

    def errors(self, prefix: str) -> list[dict[str, Any]]:
        """Return the refusals as the error format has them."""
        return [
            {
                "loc": f"{prefix}[{index}].{refusal.loc}".rstrip("."),
                "reason": refusal.reason,
                "msg": refusal.msg,
                "fix": refusal.fix,
            }
            for index, refusal in self.refusals[:_MAX_FAULTS]
        ]


async def take(
    edge: Edge, batch: Sequence[Parsed], topic: str, events_in: str = "batch"
) -> Outcome:
    """Return when every event is durable or refused; `events_in` is their list in the body.

    Raises BadRequest if there were events and all are refused for a fault, NotDurable if the sender
    must send them again.
    """
    started = time.perf_counter()
    records: list[Record] = []
    refusals: list[tuple[int, Refusal]] = []
    for index, (raw, result, arrival, mask) in enumerate(batch):
        if isinstance(result, Event):
            made = run_steps(result, arrival) or _record(edge.clock, result, mask, topic)
        else:
            made = result
        if isinstance(made, Refusal):
            refusals.append((index, made))
            who = result if isinstance(result, Event) else arrival.blank
            _reject(edge, raw, made, arrival, mask, who)
        else:
            records.append(made)
    if _faults(refusals) and not records:
        raise _nothing_accepted(refusals, events_in)
    await keep(edge, records, started)
    return Outcome(len(records), refusals)


async def keep(edge: Edge, records: Sequence[Record], started: float) -> None:
    """Return when the records of a request that began at `started` are durable; NotDurable.

    Those of each topic go together.
    """
    by_topic: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_topic[record.topic].append(record)
    await asyncio.gather(*map(edge.sink.put, by_topic.values()))
    edge.metrics.observe_ack(time.perf_counter() - started)
    for topic, some in by_topic.items():
        edge.metrics.add("headwater_edge_events_accepted_total", topic, len(some))


def _record(clock: Clock, event: Event, mask: AddressMask, topic: str) -> Record | Refusal:
    schema = SCHEMA
    if is_pointers(event):
        made = pointers_of(event)
        if isinstance(made, Refusal):
            return made
        topic, schema, encoded = POINTERS, POINTERS_SCHEMA, made
    else:
        encoded = encode(event)
    value = mask.hide(encoded)
    visitor = (event.visitor_id or event.event_id).encode()
    if value is not encoded:
        visitor = mask.hide(visitor)
    key = event.site_id.encode() + b":" + visitor
    return Record(topic, key, value, schema, clock.record_time(event.received_at))


def _reject(
    edge: Edge,
    raw: bytes | msgspec.Raw,
    refusal: Refusal,
    arrival: Arrival,
    mask: AddressMask,
    who: Event,
) -> None:
    """Count what was refused and keep it with the reason, unless the site has erased `who`."""
    edge.metrics.add("headwater_edge_events_dropped_total", refusal.reason)
    if arrival.site.has_erased(who.visitor_id, who.user_id):
        return
    record = RejectedEvent(
        site_id=arrival.site.site_id,
        received_at=arrival.blank.received_at,
        reason=refusal.reason,
        field=refusal.loc or None,
        detail=f"{refusal.msg}. {refusal.fix}",
        payload=masked_payload(bytes(raw), mask, _MAX_PAYLOAD_BYTES),
    )
    key = arrival.site.site_id.encode()
    at = edge.clock.record_time(arrival.blank.received_at)
    value = mask.hide(msgspec.json.encode(record))
    edge.sink.put_later(Record(REJECTED, key, value, _REJECTED_SCHEMA, at))


def _faults(refusals: Sequence[tuple[int, Refusal]]) -> bool:
    return any(refusal.reason is not DropReason.ERASED for _, refusal in refusals)


def _nothing_accepted(refusals: Sequence[tuple[int, Refusal]], events_in: str) -> BadRequest:
    reasons = {refusal.reason for _, refusal in refusals}
    faults = [
        (f"{events_in}[{index}].{refusal.loc}".rstrip("."), refusal.msg, refusal.fix)
        for index, refusal in refusals[:_MAX_FAULTS]
    ]
    code = reasons.pop() if len(reasons) == 1 else DropReason.BAD_EVENT
    return BadRequest(*faults, code=code)
