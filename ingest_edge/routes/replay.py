"""POST /e/replay: a piece of a session recording, stored and listed before the answer."""

import asyncio
import logging
import time
from typing import Final

import msgspec

from ingest_edge.arrival import Arrival, arrival_of, browser_of
from ingest_edge.custody import Edge, keep
from ingest_edge.errors import DropReason, StorageAway, StorageFull
from ingest_edge.gate import admit, client_address, key_text, left_out, privacy_signal
from ingest_edge.http import Answer, Request, json_answer
from ingest_edge.keys import Key
from ingest_edge.privacy import AddressMask
from ingest_edge.record import Record
from ingest_edge.recordings import Piece, RecordingBody, piece_of, read, signal_of
from pipelines.blobs import BlobError, NoRoom
from schemas.load import RECORDS

_LOG: Final = logging.getLogger(__name__)
CHUNKS: Final = "recording-chunks"
_SCHEMA: Final = RECORDS["recording_chunk"].header
_FIX: Final = "Send the same chunk again."


async def post_recording(edge: Edge, request: Request) -> Answer:
    """Take a chunk; the same one again replaces itself. The key comes as ?k= or in a header.

    Who has switched recording off, or does not want to be recorded, is told so by 200 and
    X-Dropped, which ends the recording: nothing is to be tried again.
    """
    started = time.perf_counter()
    key = admit(edge, request, key_text(request))
    signal = privacy_signal(request, key)
    if signal is None and key.site.recording is None:
        signal = DropReason.NOT_RECORDED
    if signal is None and key.site.cookieless == "always":
        signal = DropReason.NO_CONSENT
    if signal:
        return left_out(edge, signal, 1)
    sent = await asyncio.to_thread(read, request.body)
    signal = signal_of(sent, respects_dnt=key.site.respects_dnt)
    if key.site.has_erased(sent.visitor_id, None):
        signal = DropReason.ERASED
    if signal:
        return left_out(edge, signal, 1)
    address = client_address(edge, request)
    arrival, mask = _arrival(edge, request, key, sent, address), AddressMask(address)
    piece = await asyncio.to_thread(piece_of, sent, arrival, mask)
    await asyncio.to_thread(_store, edge, piece)
    await keep(edge, [_record(edge, piece, mask)], started)
    return json_answer(200, {"accepted": 1, "dropped": []})


def _arrival(
    edge: Edge, request: Request, key: Key, sent: RecordingBody, address: str | None
) -> Arrival:
    client = browser_of(edge.geo, address, request, is_webdriver=sent.is_webdriver)
    received_at = edge.clock.received_at(sent.sent_at)
    return arrival_of(key.site, "browser", received_at, sent.sent_at, client, is_secret=False)


def _store(edge: Edge, piece: Piece) -> None:
    """Return when the content is durable; what failed is for the operator, not for the page."""
    try:
        edge.blobs.put(piece.chunk.storage_key, piece.content)
    except NoRoom as error:
        _LOG.warning("recordings: %s", error)
        raise StorageFull(("", "the storage of recordings is full", _FIX)) from error
    except BlobError as error:
        _LOG.warning("recordings: %s", error)
        raise StorageAway(("", "the storage of recordings does not answer", _FIX)) from error


def _record(edge: Edge, piece: Piece, mask: AddressMask) -> Record:
    chunk = piece.chunk
    value = mask.hide(msgspec.json.encode(chunk))
    at = edge.clock.record_time(chunk.received_at)
    return Record(CHUNKS, chunk.site_id.encode(), value, _SCHEMA, at)
