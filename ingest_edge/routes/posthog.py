"""PostHog's capture format: POST /batch/, /capture/, /e/, /i/v0/e/."""

from copy import copy
from typing import Any, Final

import msgspec

from ingest_edge.arrival import Arrival
from ingest_edge.compression import GZIP_MAGIC, unpack
from ingest_edge.custody import EVENTS, IMPORTED, Edge, Parsed, take
from ingest_edge.errors import BadRequest
from ingest_edge.event import Event
from ingest_edge.gate import admit, key_text, left_out, privacy_signal
from ingest_edge.http import Answer, Request, json_answer
from ingest_edge.leftover import Fields, decode_all, joined, without
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
    refuse_body,
    text_of,
    whole,
)
from ingest_edge.senders import Senders

_NO_REFERRER: Final = "$direct"
# What the sender recognises a visitor by: not kept of one who is to have no lasting id.
_IDS: Final = (
    "distinct_id", "$device_id", "$anon_distinct_id", "$session_id", "$window_id", "$user_id",
)  # fmt: skip
_CAMPAIGN: Final = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
_SIZES: Final = tuple(
    (name, f"{name}_px", f"properties.${name}")
    for name in ("screen_width", "screen_height", "viewport_width", "viewport_height")
)


class Body(msgspec.Struct):
    """The body: a batch, or one event by itself (then it is an `EventSent` as well)."""

    api_key: str | None = None
    token: str | None = None
    batch: list[msgspec.Raw] | None = None
    event: str | None = None
    sent_at: Any = None
    historical_migration: bool = False


class EventSent(msgspec.Struct, forbid_unknown_fields=True):
    """One event; what has no field here ($set, $set_once, ...) is kept in `properties`."""

    event: str | None = None
    uuid: Any = None
    distinct_id: Any = None
    timestamp: Any = None
    offset: Any = None
    properties: msgspec.Raw = msgspec.Raw()
    # Of the envelope: nothing of the event, so kept nowhere.
    api_key: Any = None
    token: Any = None
    sent_at: Any = None
    historical_migration: Any = None
    type: Any = None


class Known(msgspec.Struct, rename=lambda name: f"${name}"):
    """Properties with a meaning of their own; they stay in `properties` as well."""

    distinct_id: Any = msgspec.field(default=None, name="distinct_id")
    token: Any = msgspec.field(default=None, name="token")
    ip: Any = None
    raw_user_agent: Any = None
    user_agent: Any = None
    device_id: Any = None
    anon_distinct_id: Any = None
    user_id: Any = None
    is_identified: Any = None
    session_id: Any = None
    pageview_id: Any = None
    current_url: Any = None
    pathname: Any = None
    referrer: Any = None
    title: Any = msgspec.field(default=None, name="title")
    screen_width: Any = None
    screen_height: Any = None
    viewport_width: Any = None
    viewport_height: Any = None
    lib: Any = None
    lib_version: Any = None
    browser_language: Any = None
    timezone: Any = None
    utm_source: Any = msgspec.field(default=None, name="utm_source")
    utm_medium: Any = msgspec.field(default=None, name="utm_medium")
    utm_campaign: Any = msgspec.field(default=None, name="utm_campaign")
    utm_term: Any = msgspec.field(default=None, name="utm_term")
    utm_content: Any = msgspec.field(default=None, name="utm_content")
    revenue: Any = msgspec.field(default=None, name="revenue")
    currency: Any = msgspec.field(default=None, name="currency")


_BODY: Final = msgspec.json.Decoder(Body | list[msgspec.Raw])
_EVENT: Final = msgspec.json.Decoder(EventSent)
_KNOWN: Final = msgspec.json.Decoder(Known)


async def post_events(edge: Edge, request: Request) -> Answer:
    """Take a batch, a list or one event. 200 with the dropped in the body, as to Segment's."""
    if request.body.startswith(GZIP_MAGIC):
        # posthog-js compresses without saying so in a header.
        request.body = unpack(request.body, "gzip")
    body = decode_body(_BODY, request.body)
    if isinstance(body, list):
        # What posthog-js sends: the key stands in the events.
        body = Body(batch=body, token=_token_in(body))
    events = [msgspec.Raw(request.body)] if body.event is not None else body.batch
    key = admit(edge, request, key_text(request, body.api_key or body.token))
    if events is None:
        fix = 'Send {"api_key": ..., "batch": [...]}, or one event.'
        raise BadRequest(("body.batch", "there is no event", fix))
    if signal := privacy_signal(request, key):
        return left_out(edge, signal, len(events))
    try:
        sent_at = epoch_ms(body.sent_at, "sent_at")
    except Unusable as error:
        raise refuse_body(error) from error
    senders = Senders(edge, request, key, sent_at, history=body.historical_migration)
    parsed = [_parse(raw, senders, sent_at) for raw in events]
    outcome = await take(edge, parsed, IMPORTED if body.historical_migration else EVENTS)
    told = {"status": 1, "accepted": outcome.accepted, "dropped": outcome.errors("batch")}
    return json_answer(200, told, len(outcome.refusals))


def _token_in(events: list[msgspec.Raw]) -> str | None:
    """Return the key that the first event carries."""
    try:
        sent, _ = decode_all(_EVENT, EventSent, events[0])
        known = decode_event(_KNOWN, sent.properties) if sent.properties else Known()
    except (Unusable, IndexError):
        return None
    return text_of(sent.api_key or sent.token or known.token)


def _parse(raw: msgspec.Raw, senders: Senders, sent_at: int | None) -> Parsed:
    arrival, mask = senders.arrival()
    try:
        sent, left = decode_all(_EVENT, EventSent, raw)
        has_any = bytes(sent.properties)[:1] == b"{"
        known = decode_event(_KNOWN, sent.properties, "properties") if has_any else Known()
        arrival, mask = senders.arrival(known.ip, known.raw_user_agent or known.user_agent)
        return Parsed(raw, _event(sent, known, left, arrival, sent_at), arrival, mask)
    except Unusable as error:
        return Parsed(raw, error.refusal, arrival, mask)


def _event(
    sent: EventSent, known: Known, left: Fields, arrival: Arrival, sent_at: int | None
) -> Event:
    event = copy(arrival.blank)
    event.event_name = event_name(sent.event, "event")
    event.event_id = identity(sent.uuid, "uuid") or ""
    event.client_at = epoch_ms(sent.timestamp, "timestamp")
    ago = whole(sent.offset, "offset")
    if event.client_at is None and ago is not None and sent_at is not None:
        event.client_at = sent_at - ago
    _put_person(event, sent, known)
    _put_page(event, known)
    event.revenue_amount = amount(known.revenue, "properties.revenue")
    if event.revenue_amount is not None:
        event.currency = currency(known.currency, "properties.currency")
    event.is_interactive = not (sent.event or "").startswith("$")
    kept = without(sent.properties, "token") if known.token is not None else sent.properties
    if arrival.daily_ids is not None:
        kept = without(kept, *_IDS)
    event.properties = properties_text(joined(kept, left), "properties")
    return event


def _put_person(event: Event, sent: EventSent, known: Known) -> None:
    """Set visitor and user. Before a person is identified, their distinct_id is the visitor."""
    distinct = identity(sent.distinct_id, "distinct_id") or identity(
        known.distinct_id, "properties.distinct_id"
    )
    device = identity(known.device_id, "properties.$device_id")
    if sent.event == "$identify":
        earlier = identity(known.anon_distinct_id, "properties.$anon_distinct_id")
        event.visitor_id, event.user_id = earlier or device or distinct, distinct
        return
    event.visitor_id = device or distinct
    event.user_id = identity(known.user_id, "properties.$user_id")
    if event.user_id is None and (known.is_identified is True or device not in (None, distinct)):
        event.user_id = distinct


def _put_page(event: Event, known: Known) -> None:
    event.page_url = text_of(known.current_url)
    event.page_path = text_of(known.pathname)
    event.page_title = text_of(known.title)
    referrer = text_of(known.referrer)
    event.referrer = None if referrer == _NO_REFERRER else referrer
    event.client_session_id = identity(known.session_id, "properties.$session_id")
    event.page_view_id = identity(known.pageview_id, "properties.$pageview_id")
    event.language, event.timezone = text_of(known.browser_language), text_of(known.timezone)
    event.library_name, event.library_version = text_of(known.lib), text_of(known.lib_version)
    for name in _CAMPAIGN:
        if (text := text_of(getattr(known, name))) is not None:
            setattr(event, name, text)
    for name, column, loc in _SIZES:
        if (size := getattr(known, name)) is not None:
            setattr(event, column, whole(size, loc))
