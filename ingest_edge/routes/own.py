"""Our own routes: POST /e, the tracker's batch, which uses the names of the columns."""

from typing import Any, Final

import msgspec

from ingest_edge.arrival import Arrival, client_of
from ingest_edge.custody import EVENTS, Edge, Parsed, take
from ingest_edge.errors import BadRequest, DropReason
from ingest_edge.event import Event, new_event
from ingest_edge.gate import admit, client_address, key_text, privacy_signal
from ingest_edge.http import Answer, Request, json_answer
from ingest_edge.keys import Key
from ingest_edge.parsing import (
    Unusable,
    amount,
    currency,
    decode_body,
    decode_event,
    epoch_ms,
    event_name,
    identity,
    properties_text,
    whole,
)
from ingest_edge.privacy import AddressMask
from schemas.load import RULES

_BASE_CURRENCY: Final = RULES.currencies.base


class TrackerBatch(msgspec.Struct):
    """The body of POST /e: what all its events share, and the events."""

    events: list[msgspec.Raw]
    key: str | None = None
    sent_at: int | float | None = None
    visitor_id: str | None = None
    user_id: str | None = None
    client_session_id: str | None = None
    is_new_visitor_hint: bool | None = None
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    utm_term: str | None = None
    utm_content: str | None = None
    click_id_kind: str | None = None
    click_id: str | None = None
    screen_width_px: int | float | None = None
    screen_height_px: int | float | None = None
    viewport_width_px: int | float | None = None
    viewport_height_px: int | float | None = None
    language: str | None = None
    timezone: str | None = None
    consent: str | None = None
    library_name: str | None = None
    library_version: str | None = None
    is_webdriver: bool = False
    is_gpc: bool = False
    is_dnt: bool = False


class TrackerEvent(msgspec.Struct):
    """One event of the tracker."""

    event_name: str
    event_id: str | None = None
    client_at: int | float | None = None
    seq: int | None = None
    page_view_id: str | None = None
    page_url: str | None = None
    page_title: str | None = None
    referrer: str | None = None
    engaged_ms: int | float | None = None
    scroll_percent: int | float | None = None
    click_target: str | None = None
    click_x_px: int | float | None = None
    click_y_px: int | float | None = None
    is_conversion: bool = False
    is_interactive: bool = True
    revenue_amount: str | int | float | None = None
    currency: str | None = None
    properties: msgspec.Raw = msgspec.Raw()


_BATCH: Final = msgspec.json.Decoder(TrackerBatch)
_EVENT: Final = msgspec.json.Decoder(TrackerEvent)
# Columns that every event takes over from its batch as they are.
_SHARED: Final = (
    "visitor_id", "user_id", "client_session_id", "is_new_visitor_hint", "utm_source",
    "utm_medium", "utm_campaign", "utm_term", "utm_content", "click_id_kind", "click_id",
    "language", "timezone", "consent", "library_name", "library_version",
)  # fmt: skip
_SHARED_PX: Final = (
    "screen_width_px", "screen_height_px", "viewport_width_px", "viewport_height_px",
)  # fmt: skip


async def post_tracker_batch(edge: Edge, request: Request) -> Answer:
    """Take the tracker's batch; 207 when some events are refused."""
    batch = decode_body(_BATCH, request.body)
    key = admit(edge, request, key_text(request, batch.key))
    signal = privacy_signal(request, key) or _signal_in(batch, key)
    if signal:
        return left_out(edge, signal, len(batch.events))
    try:
        arrival = _arrival(edge, request, key, batch)
        shared = _shared(batch)
    except Unusable as error:
        raise refuse_body(error) from error
    mask = AddressMask(client_address(edge, request))
    parsed = [_parse(raw, arrival, shared, mask) for raw in batch.events]
    outcome = await take(edge, parsed, EVENTS)
    status = 207 if outcome.refusals else 200
    body = {"accepted": outcome.accepted, "dropped": outcome.errors("events")}
    return json_answer(status, body, len(outcome.refusals))


def left_out(edge: Edge, reason: DropReason, count: int) -> Answer:
    """Answer a batch that the visitor does not want counted: kept nowhere, never sent again."""
    edge.metrics.add("headwater_edge_events_dropped_total", reason, count)
    return json_answer(
        200, {"success": True, "accepted": 0, "dropped": [], "reason": reason}, reason
    )


def refuse_body(error: Unusable) -> BadRequest:
    """Return the answer to a body that is wrong outside its events."""
    refusal = error.refusal
    return BadRequest((f"body.{refusal.loc}", refusal.msg, refusal.fix), code=refusal.reason)


def _signal_in(batch: TrackerBatch, key: Key) -> DropReason | None:
    if batch.is_gpc:
        return DropReason.GPC
    return DropReason.DNT if batch.is_dnt and key.site.respects_dnt else None


def _arrival(edge: Edge, request: Request, key: Key, batch: TrackerBatch) -> Arrival:
    sent_at = epoch_ms(batch.sent_at, "sent_at")
    client = client_of(
        edge.geo,
        client_address(edge, request),
        request.header(b"user-agent"),
        is_judged=True,
        has_language=b"accept-language" in request.headers,
        is_mobile=request.headers.get(b"sec-ch-ua-mobile") == b"?1",
        is_webdriver=batch.is_webdriver,
    )
    received_at = edge.clock.received_at(sent_at)
    return Arrival(key.site, "browser", key.kind == "sec", received_at, sent_at, client)


def _shared(batch: TrackerBatch) -> list[tuple[str, Any]]:
    """Return the columns that every event of the batch gets, nulls left out."""
    batch.visitor_id = identity(batch.visitor_id, "visitor_id")
    batch.user_id = identity(batch.user_id, "user_id")
    values = [(name, getattr(batch, name)) for name in _SHARED]
    values += [(name, whole(getattr(batch, name), name)) for name in _SHARED_PX]
    return [(name, value) for name, value in values if value is not None]


def _parse(
    raw: msgspec.Raw, arrival: Arrival, shared: list[tuple[str, Any]], mask: AddressMask
) -> Parsed:
    try:
        sent = decode_event(_EVENT, raw)
        event = _event(sent, arrival)
    except Unusable as error:
        return Parsed(raw, error.refusal, arrival, mask)
    for name, value in shared:
        setattr(event, name, value)
    return Parsed(raw, event, arrival, mask)


def _event(sent: TrackerEvent, arrival: Arrival) -> Event:
    event = new_event(
        site_id=arrival.site.site_id,
        sender=arrival.sender,
        received_at=arrival.received_at,
        sent_at=arrival.sent_at,
        event_name=event_name(sent.event_name, "event_name"),
        event_id=identity(sent.event_id, "event_id"),
        client_at=epoch_ms(sent.client_at, "client_at"),
    )
    event.seq = whole(sent.seq, "seq")
    event.page_view_id = identity(sent.page_view_id, "page_view_id")
    event.page_url, event.page_title = sent.page_url, sent.page_title
    event.referrer = sent.referrer or None
    event.engaged_ms = whole(sent.engaged_ms, "engaged_ms", 0)
    event.scroll_percent = whole(sent.scroll_percent, "scroll_percent", 0, 100)
    event.click_target = sent.click_target
    event.click_x_px = whole(sent.click_x_px, "click_x_px")
    event.click_y_px = whole(sent.click_y_px, "click_y_px")
    event.is_conversion, event.is_interactive = sent.is_conversion, sent.is_interactive
    event.revenue_amount = amount(sent.revenue_amount, "revenue_amount")
    if event.revenue_amount is not None:
        event.currency = currency(sent.currency, "currency") or _BASE_CURRENCY
    event.properties = properties_text(sent.properties, "properties")
    return event
