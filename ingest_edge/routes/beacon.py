"""POST /e for the usual batch of the tracker: taken and answered without a task of its own.

Hot path, like fast.py: what is unusual in any way is left, as it came, to routes/own.py. What the
head of a request says (key, page, browser) is looked at once and remembered as long as the keys.
"""

from time import perf_counter
from typing import Final, NamedTuple

import msgspec

from ingest_edge.arrival import hints_of
from ingest_edge.custody import EVENTS, Edge
from ingest_edge.errors import NotDurable, Refused
from ingest_edge.fast import batch_piece, client_piece, fast_records, own_pieces
from ingest_edge.gate import (
    allowed_key,
    client_address,
    count_request,
    has_daily_ids,
    key_text,
    privacy_signal,
)
from ingest_edge.http import Answer, Reply, Request, is_plain
from ingest_edge.keys import Key
from ingest_edge.parsing import MAX_EVENT_BYTES
from ingest_edge.tracker_wire import WholeTrackerBatch

_BATCH: Final = msgspec.json.Decoder(WholeTrackerBatch)
# All headers that say who sends.
SENDER_HEADERS: Final = (
    b"authorization", b"x-api-key", b"origin", b"content-type", b"content-encoding", b"user-agent",
    b"accept-language", b"sec-ch-ua", b"sec-ch-ua-mobile", b"sec-ch-ua-platform",
    b"sec-ch-ua-platform-version", b"sec-gpc", b"dnt",
)  # fmt: skip
_MAX_SENDERS: Final = 8_192


class Sender(NamedTuple):
    """Who may send, and from what browser."""

    key: Key
    client: bytes


def take_usual_batch(edge: Edge, request: Request, reply: Reply) -> bool:
    """Take the batch and let `reply` be called once when it is durable, or cannot be.

    False: it is left to post_tracker_batch, nothing is counted and nothing kept. Raises
    TooManyRequests.
    """
    started = perf_counter()
    batch = _usual(request.body)
    sender = batch and _sender(edge, request, batch)
    if not batch or not sender:
        return False
    key, client = sender
    if key.site.has_erased(batch.visitor_id, batch.user_id):
        return False
    received_at = edge.clock.received_at(batch.sent_at)
    owns = own_pieces(batch, key.site, received_at)
    if not owns:
        return False
    address = client_address(edge, request)
    count_request(edge, key, address)
    head = client + batch_piece(batch, received_at, edge.geo.place_of(address))
    at = edge.clock.record_time(received_at)
    records = fast_records(owns, batch, key.site, head, address, at)

    def heard(error: NotDurable | None) -> None:
        if error is not None:
            reply(error)
            return
        edge.metrics.observe_ack(perf_counter() - started)
        edge.metrics.add("headwater_edge_events_accepted_total", EVENTS, len(records))
        reply(Answer(200, b'{"accepted":%d,"dropped":[]}' % len(records)))

    edge.sink.submit(records, heard)
    return True


def _usual(body: bytes) -> WholeTrackerBatch | None:
    """Return a batch no larger than one event may be, every field of the right type; or None.

    Nor one whose visitor wishes anything: not to be counted, or to be without a cookie.
    """
    if len(body) > MAX_EVENT_BYTES:
        return None
    try:
        if not body.isascii():
            # TRICKY: what the decoder keeps raw it does not check for UTF-8.
            body.decode()
        batch = _BATCH.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    has_wish = batch.is_gpc or batch.is_dnt or batch.is_cookieless or batch.consent == "denied"
    return batch if not has_wish and (batch.visitor_id or batch.user_id) else None


def _sender(edge: Edge, request: Request, batch: WholeTrackerBatch) -> Sender | None:
    """Return who sends; None who may not, or not without a second look."""
    ring = edge.keys.ring
    head = batch.key, batch.is_webdriver, *map(request.headers.get, SENDER_HEADERS)
    sender = ring.senders.get(head)
    if sender is None:
        sender = _new_sender(edge, request, batch)
        if sender is not None:
            if len(ring.senders) >= _MAX_SENDERS:
                ring.senders.clear()
            ring.senders[head] = sender
    return sender


def _new_sender(edge: Edge, request: Request, batch: WholeTrackerBatch) -> Sender | None:
    if not is_plain(request) or request.query_string:
        return None
    try:
        key = allowed_key(edge, request, key_text(request, batch.key))
    except Refused:
        return None
    # TRICKY: who looks a key up by its text tells by the time it takes how far a guess is right.
    # Write keys stand in every page; secret ones are looked up by their digest, in the plain path.
    is_usual = key.kind == "pub" and key.expires_at is None
    if not is_usual or privacy_signal(request, key) or has_daily_ids(key, is_asked=False):
        return None
    client = client_piece(
        key.site.site_id, request.header(b"user-agent"), hints_of(request),
        has_language=b"accept-language" in request.headers, is_webdriver=batch.is_webdriver,
    )  # fmt: skip
    return Sender(key, client)
