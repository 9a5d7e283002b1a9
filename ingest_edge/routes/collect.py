"""POST /api/collect and /api/collect/heatmap: {events, session, visitor}, site in a header."""

from typing import Final

import msgspec

from ingest_edge.custody import Edge
from ingest_edge.gate import left_out, privacy_signal
from ingest_edge.http import Answer, Request, json_answer
from ingest_edge.parsing import decode_body, refuse
from ingest_edge.plain_batch import Check, PlainBatch, admit_sender, take_plain
from ingest_edge.plain_event import PlainEvent
from ingest_edge.pointers import MOVES

_BATCH: Final = msgspec.json.Decoder(PlainBatch)
# Points of a heatmap, and the events they are: clicks are events like any other.
_POINTS: Final = {"click": "click", "scroll_depth": "scroll_depth", "move": MOVES, "scroll": MOVES}


async def post_collect(edge: Edge, request: Request) -> Answer:
    """Take a batch; 207 when some events are refused."""
    return await _collect(edge, request, None)


async def post_heatmap(edge: Edge, request: Request) -> Answer:
    """Take points of a heatmap: clicks go the way of events, moves and depths to `pointers`."""
    return await _collect(edge, request, _check_point)


async def _collect(edge: Edge, request: Request, check: Check | None) -> Answer:
    batch = decode_body(_BATCH, request.body)
    key = admit_sender(edge, request, "X-Site-ID", batch.key)
    if signal := privacy_signal(request, key):
        return left_out(edge, signal, len(batch.events))
    outcome, _ = await take_plain(edge, request, key, batch, check)
    body = {"accepted": outcome.accepted, "dropped": outcome.errors("events")}
    return json_answer(outcome.status, body, len(outcome.refusals))


def _check_point(sent: PlainEvent) -> None:
    """Let a point pass under the name of its event, or refuse it."""
    kind = sent.type or sent.name or sent.event or ""
    if kind not in _POINTS:
        refuse("type", f"{kind[:40]!r} is no point of a heatmap", "Send click, move or scroll.")
    sent.name = _POINTS[kind]
