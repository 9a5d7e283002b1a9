"""Our own routes: POST /e, the tracker's batch, which uses the names of the columns."""

from copy import copy
from typing import Annotated, Final, Literal

import msgspec

from ingest_edge.arrival import Arrival, arrival_of, client_of
from ingest_edge.custody import EVENTS, Edge, Parsed, take
from ingest_edge.errors import BadRequest, DropReason
from ingest_edge.event import Event
from ingest_edge.gate import admit, client_address, daily_ids, key_text, privacy_signal
from ingest_edge.http import Answer, Request, json_answer
from ingest_edge.keys import Key
from ingest_edge.parsing import (
    LAST_MS,
    Unusable,
    amount,
    currency,
    decode_body,
    decode_event,
    event_name,
    properties_text,
)
from ingest_edge.privacy import AddressMask
from pipelines.enrich.url import page_of
from schemas.load import RULES

_BASE_CURRENCY: Final = RULES.currencies.base


# Checked by the decoder, in C: a call of Python for each field would cost more than the rest.
Int = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
Natural = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=RULES.events.name_max_length)]
Moment = Annotated[int, msgspec.Meta(ge=0, le=LAST_MS)]


class TrackerBatch(msgspec.Struct, gc=False):
    """The body of POST /e: what all its events share, and the events."""

    events: list[msgspec.Raw]
    key: str | None = None
    sent_at: Moment | None = None
    visitor_id: Id | None = None
    user_id: Id | None = None
    client_session_id: Id | None = None
    is_new_visitor_hint: bool | None = None
    screen_width_px: Int | None = None
    screen_height_px: Int | None = None
    viewport_width_px: Int | None = None
    viewport_height_px: Int | None = None
    language: str | None = None
    timezone: str | None = None
    consent: Literal["granted", "denied", "pending"] | None = None
    is_cookieless: bool = False
    # Address of the first page of this load, while it is the page being seen.
    landing_url: str | None = None
    library_name: str | None = None
    library_version: str | None = None
    is_webdriver: bool = False
    is_gpc: bool = False
    is_dnt: bool = False


class TrackerEvent(msgspec.Struct, gc=False):
    """One event of the tracker."""

    event_name: Name
    event_id: Id | None = None
    client_at: Moment | None = None
    seq: Int | None = None
    page_view_id: Id | None = None
    page_url: str | None = None
    page_title: str | None = None
    referrer: str | None = None
    engaged_ms: Natural | None = None
    scroll_percent: Percent | None = None
    click_target: str | None = None
    click_x_px: Int | None = None
    click_y_px: Int | None = None
    is_conversion: bool = False
    is_interactive: bool = True
    revenue_amount: str | int | float | None = None
    currency: str | None = None
    properties: msgspec.Raw = msgspec.Raw()


_BATCH: Final = msgspec.json.Decoder(TrackerBatch)
_EVENT: Final = msgspec.json.Decoder(TrackerEvent)
# Columns that every event takes over from its batch as they are.
_SHARED: Final = (
    "visitor_id", "user_id", "client_session_id", "is_new_visitor_hint", "screen_width_px",
    "screen_height_px", "viewport_width_px", "viewport_height_px", "language", "timezone",
    "consent", "library_name", "library_version",
)  # fmt: skip


async def post_tracker_batch(edge: Edge, request: Request) -> Answer:
    """Take the tracker's batch; 207 when some events are refused."""
    batch = decode_body(_BATCH, request.body)
    key = admit(edge, request, key_text(request, batch.key))
    signal = privacy_signal(request, key) or _signal_in(batch, key)
    if signal:
        return left_out(edge, signal, len(batch.events))
    address = client_address(edge, request)
    arrival, mask = _arrival(edge, request, key, batch, address), AddressMask(address)
    parsed = [_parse(raw, arrival, mask) for raw in batch.events]
    outcome = await take(edge, parsed, EVENTS, "events")
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
    if batch.is_dnt and key.site.respects_dnt:
        return DropReason.DNT
    is_refused = batch.consent == "denied" and key.site.cookieless is None
    return DropReason.NO_CONSENT if is_refused else None


def _arrival(
    edge: Edge, request: Request, key: Key, batch: TrackerBatch, address: str | None
) -> Arrival:
    client = client_of(
        edge.geo,
        address,
        request.header(b"user-agent"),
        is_judged=True,
        has_language=b"accept-language" in request.headers,
        is_mobile=request.headers.get(b"sec-ch-ua-mobile") == b"?1",
        is_webdriver=batch.is_webdriver,
    )
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
    for name in _SHARED:
        setattr(arrival.blank, name, getattr(batch, name))
    if batch.consent == "denied":
        arrival.blank.user_id = None
    if batch.landing_url is not None:
        _put_campaign(arrival.blank, batch.landing_url)
    return arrival


def _put_campaign(blank: Event, url: str) -> None:
    """Set the campaign that brought the visitor: the page may have rewritten its address since."""
    page = page_of(url)
    blank.utm_source, blank.utm_medium = page.utm_source, page.utm_medium
    blank.utm_campaign, blank.utm_term = page.utm_campaign, page.utm_term
    blank.utm_content = page.utm_content
    blank.click_id_kind, blank.click_id = page.click_id_kind, page.click_id


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
        event.currency = currency(sent.currency, "currency") or _BASE_CURRENCY
    event.properties = properties_text(sent.properties, "properties")
    return event
