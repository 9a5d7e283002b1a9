"""POST /api/track/events: {events[], batch} with X-API-Key and X-Funnel-ID, which is the site."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from ingest_edge.custody import Edge, Parsed
from ingest_edge.event import Event
from ingest_edge.gate import left_out, privacy_signal
from ingest_edge.http import Answer, Request, json_answer
from ingest_edge.parsing import decode_body
from ingest_edge.plain_batch import PlainBatch, admit_sender, take_plain
from schemas.load import RULES

_KINDS: Final = {
    name: kind for kind, names in RULES.events.breakdown.items() for name in names
}  # fmt: skip


class FunnelBatch(PlainBatch, kw_only=True):
    """The body; `batch` is what the sender says of the batch: its id, when it was sent."""

    batch: Any = None


_BATCH: Final = msgspec.json.Decoder(FunnelBatch)


async def post_events(edge: Edge, request: Request) -> Answer:
    """Take a batch. 200 with the dropped in the body; `breakdown` counts what was processed."""
    batch = decode_body(_BATCH, request.body)
    if isinstance(batch.batch, dict) and batch.sent_at is None:
        batch.sent_at = batch.batch.get("sent_at")
    key = admit_sender(edge, request, "X-Funnel-ID", batch.key)
    if signal := privacy_signal(request, key):
        return left_out(edge, signal, len(batch.events))
    outcome, parsed = await take_plain(edge, request, key, batch)
    refused = {index for index, _ in outcome.refusals}
    body = {
        "success": True,
        "processed": outcome.accepted,
        "breakdown": _breakdown(one for index, one in enumerate(parsed) if index not in refused),
        "dropped": outcome.errors("events"),
    }
    return json_answer(200, body, len(outcome.refusals))


def _breakdown(taken: Iterable[Parsed]) -> dict[str, int]:
    names = (one.result.event_name for one in taken if isinstance(one.result, Event))
    counts = Counter(_KINDS.get(name) for name in names)
    return {kind: counts[kind] for kind in RULES.events.breakdown}
