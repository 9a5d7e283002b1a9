"""Our own routes: POST /e, the tracker's batch, which uses the names of the columns.

The usual batch never comes here: beacon.py takes it.
"""

from copy import copy
from typing import Final

import msgspec

from ingest_edge.arrival import Arrival, arrival_of, browser_of
from ingest_edge.custody import EVENTS, Edge, Parsed, take
from ingest_edge.event import Event
from ingest_edge.gate import (
    admit,
    client_address,
    daily_ids,
    key_text,
    left_out,
    privacy_signal,
)
from ingest_edge.http import Answer, Request, json_answer
from ingest_edge.keys import Key
from ingest_edge.parsing import (
    Unusable,
    amount,
    currency,
    decode_body,
    decode_event,
    event_name,
    properties_text,
)
from ingest_edge.privacy import AddressMask
from ingest_edge.steps import put_landing
from ingest_edge.tracker_wire import (
    TrackerBatch,
    TrackerEvent,
    TrackerShared,
    signal_in,
)

_BATCH: Final = msgspec.json.Decoder(TrackerBatch)
_EVENT: Final = msgspec.json.Decoder(TrackerEvent)


async def post_tracker_batch(edge: Edge, request: Request) -> Answer:
    """Take the tracker's batch; 207 when some events are refused."""
    batch = decode_body(_BATCH, request.body)
    key = admit(edge, request, key_text(request, batch.key))
    signal = privacy_signal(request, key) or signal_in(batch, key)
    if signal:
        return left_out(edge, signal, len(batch.events))
    address = client_address(edge, request)
    arrival, mask = _arrival(edge, request, key, batch, address), AddressMask(address)
    parsed = [_parse(raw, arrival, mask) for raw in batch.events]
    outcome = await take(edge, parsed, EVENTS, "events")
    body = {"accepted": outcome.accepted, "dropped": outcome.errors("events")}
    return json_answer(outcome.status, body, len(outcome.refusals))


def _arrival(
    edge: Edge, request: Request, key: Key, batch: TrackerShared, address: str | None
) -> Arrival:
    client = browser_of(edge.geo, address, request, is_webdriver=batch.is_webdriver)
    received_at = edge.clock.received_at(batch.sent_at)
    is_rejected = batch.is_cookieless or batch.consent == "denied"
    ids = daily_ids(edge, key, address, request.header(b"user-agent"), is_asked=is_rejected)
    arrival = arrival_of(
        key.site,
        "browser",
        received_at,
        batch.sent_at,
        client,
        is_secret=key.kind == "sec",
        daily_ids=ids,
    )
    _put_shared(arrival.blank, batch)
    if batch.consent == "denied":
        arrival.blank.user_id = None
    if batch.landing_url is not None:
        put_landing(arrival.blank, batch.landing_url)
    return arrival


def _put_shared(blank: Event, batch: TrackerShared) -> None:
    """Set the columns that every event takes over from its batch as they are."""
    blank.visitor_id, blank.user_id = batch.visitor_id, batch.user_id
    blank.client_session_id = batch.client_session_id
    blank.is_new_visitor_hint = batch.is_new_visitor_hint
    blank.screen_width_px, blank.screen_height_px = batch.screen_width_px, batch.screen_height_px
    blank.viewport_width_px = batch.viewport_width_px
    blank.viewport_height_px = batch.viewport_height_px
    blank.language, blank.timezone, blank.consent = batch.language, batch.timezone, batch.consent
    blank.library_name, blank.library_version = batch.library_name, batch.library_version


def _parse(raw: msgspec.Raw, arrival: Arrival, mask: AddressMask) -> Parsed:
    try:
        sent = decode_event(_EVENT, raw)
        event = _event(sent, arrival)
    except Unusable as error:
        return Parsed(raw, error.refusal, arrival, mask)
    return Parsed(raw, event, arrival, mask)


def _event(sent: TrackerEvent, arrival: Arrival) -> Event:
    event = copy(arrival.blank)
    event.event_name = event_name(sent.event_name, "event_name")
    event.event_id = sent.event_id or ""
    event.client_at = sent.client_at
    event.seq = sent.seq
    event.page_view_id = sent.page_view_id
    event.page_url, event.page_title = sent.page_url, sent.page_title
    event.referrer = sent.referrer or None
    event.engaged_ms = sent.engaged_ms
    event.scroll_percent = sent.scroll_percent
    event.click_target = sent.click_target
    event.click_x_px, event.click_y_px = sent.click_x_px, sent.click_y_px
    event.is_conversion, event.is_interactive = sent.is_conversion, sent.is_interactive
    if sent.revenue_amount is not None:
        event.revenue_amount = amount(sent.revenue_amount, "revenue_amount")
        event.currency = currency(sent.currency, "currency")
    event.properties = properties_text(sent.properties, "properties")
    return event
