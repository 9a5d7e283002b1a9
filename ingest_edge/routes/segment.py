"""Segment's wire format: POST /v1/batch, /v1/{track,page,...}, /sites/{id}/events."""

from typing import Any, Final

import msgspec

from ingest_edge.custody import EVENTS, IMPORTED, Edge, Outcome, Parsed, take
from ingest_edge.gate import admit, key_text, left_out, privacy_signal
from ingest_edge.http import Answer, Request, json_answer
from ingest_edge.keys import Key
from ingest_edge.parsing import Unusable, decode_body, epoch_ms, refuse_body
from ingest_edge.segment_batch import SegmentBatch
from ingest_edge.segment_wire import Batch, Single
from ingest_edge.senders import Senders

CALLS: Final = ("track", "page", "identify", "screen", "group", "alias")
_BATCH: Final = msgspec.json.Decoder(Batch)
_SINGLE: Final = msgspec.json.Decoder(Single)


async def post_batch(edge: Edge, request: Request) -> Answer:
    """Take a batch. 200 with the dropped in the body: published clients take 207 for failure."""
    batch = decode_body(_BATCH, request.body)
    key = admit(edge, request, key_text(request, batch.write_key))
    return await _answer_segment(edge, request, key, batch)


async def post_call(edge: Edge, request: Request, call: str) -> Answer:
    """Take a single call; the path says which."""
    single = decode_body(_SINGLE, request.body)
    key = admit(edge, request, key_text(request, single.write_key))
    batch = Batch(batch=[msgspec.Raw(request.body)], sent_at=single.sent_at)
    return await _answer_segment(edge, request, key, batch, call)


async def post_site_events(edge: Edge, request: Request, site_id: str) -> Answer:
    """Take a batch for the site of the path; 207 when some events are refused."""
    batch = decode_body(_BATCH, request.body)
    key = admit(edge, request, key_text(request, batch.write_key), site_id)
    if signal := privacy_signal(request, key):
        return left_out(edge, signal, len(batch.batch))
    outcome = await _take(edge, request, key, batch)
    return json_answer(outcome.status, _body(outcome), len(outcome.refusals))


async def _answer_segment(
    edge: Edge, request: Request, key: Key, batch: Batch, call: str | None = None
) -> Answer:
    if signal := privacy_signal(request, key):
        return left_out(edge, signal, len(batch.batch))
    outcome = await _take(edge, request, key, batch, call)
    return json_answer(200, {"success": True, **_body(outcome)}, len(outcome.refusals))


async def _take(
    edge: Edge, request: Request, key: Key, batch: Batch, call: str | None = None
) -> Outcome:
    try:
        sent_at = epoch_ms(batch.sent_at, "sentAt")
    except Unusable as error:
        raise refuse_body(error) from error
    senders = Senders(edge, request, key, sent_at, history=batch.history)
    reader = SegmentBatch(key, senders, batch)
    parsed: list[Parsed] = [reader.parse(raw, call) for raw in batch.batch]
    return await take(edge, parsed, IMPORTED if batch.history else EVENTS)


def _body(outcome: Outcome) -> dict[str, Any]:
    return {"accepted": outcome.accepted, "dropped": outcome.errors("batch")}
