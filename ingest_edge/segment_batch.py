"""Read the messages of a Segment batch as events."""

import hashlib
import hmac
from copy import copy
from typing import Final

import msgspec

from ingest_edge.arrival import Arrival
from ingest_edge.custody import Parsed
from ingest_edge.event import Event
from ingest_edge.keys import Key
from ingest_edge.leftover import Fields, decode_all, joined, without
from ingest_edge.parsing import (
    NOTHING,
    Unusable,
    amount,
    currency,
    decode_event,
    epoch_ms,
    event_name,
    identity,
    properties_text,
    refuse,
    text_of,
    whole,
)
from ingest_edge.segment_wire import Batch, Context, KnownProperties, Message
from ingest_edge.senders import Senders
from ingest_edge.wire_parts import Page
from schemas.load import RULES

_MESSAGE: Final = msgspec.json.Decoder(Message)
_PROPERTIES: Final = msgspec.json.Decoder(KnownProperties)
_NAMES: Final = RULES.events.segment_names
_CONVERSIONS: Final = frozenset(RULES.events.conversions)
_VISITOR_DIGITS: Final = 32
_CONTEXT: Final = msgspec.json.Decoder(Context)
_NO_CONTEXT: Final = Context()
_NO_PROPERTIES: Final = KnownProperties()


class SegmentBatch:
    """One batch: what its messages share, and how each is read."""

    def __init__(self, key: Key, senders: Senders, batch: Batch) -> None:
        self._key = key
        self._senders = senders
        self._context = batch.context
        # Most messages of a batch have the same context, to the byte.
        self._contexts: dict[bytes, tuple[Context, Fields]] = {}

    def parse(self, raw: msgspec.Raw, call: str | None) -> Parsed:
        """Return one message as an event, or as the refusal it ends with."""
        arrival, mask = self._senders.arrival()
        try:
            message, left = decode_all(_MESSAGE, Message, raw)
            context, more = self._read_context(message.context or self._context)
            arrival, mask = self._senders.arrival(context.ip, context.user_agent)
            left = {**left, "context": msgspec.Raw(msgspec.json.encode(more))} if more else left
            event = _event(message, context, left, call, arrival)
            if event.visitor_id is None and self._senders.kind == "import":
                client = self._senders.client(context.ip, context.user_agent)
                event.visitor_id = self._hashed_visitor(*client)
            return Parsed(raw, event, arrival, mask)
        except Unusable as error:
            return Parsed(raw, error.refusal, arrival, mask)

    def _read_context(self, raw: msgspec.Raw) -> tuple[Context, Fields]:
        content = bytes(raw)
        if content in NOTHING:
            return _NO_CONTEXT, {}
        found = self._contexts.get(content)
        if found is None:
            found = decode_all(_CONTEXT, Context, content, "context")
            self._contexts[content] = found
        return found

    def _hashed_visitor(self, address: str | None, user_agent: str | None) -> str:
        """Return the importer's visitor: the same file read twice gives the same ids."""
        text = f"{address or ''}|{user_agent or ''}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key.site.visitor_secret, text, hashlib.sha256).hex()[
            :_VISITOR_DIGITS
        ]


def _event(
    message: Message, context: Context, left: Fields, call: str | None, arrival: Arrival
) -> Event:
    kind = call or message.type or ("track" if message.event else "")
    name = event_name(message.event, "event") if kind == "track" else _NAMES.get(kind)
    if name is None:
        refuse("type", f"{kind[:40]!r} is no call", "Send track, page, identify, screen, ...")
    timestamp = message.timestamp or message.original_timestamp
    event = copy(arrival.blank)
    event.event_name = name
    event.event_id = identity(message.message_id, "messageId") or ""
    event.client_at = epoch_ms(timestamp, "timestamp")
    event.visitor_id = identity(message.anonymous_id, "anonymousId")
    event.user_id = identity(message.user_id, "userId")
    is_traits = kind in ("identify", "group") and not bytes(message.properties)
    loc = "traits" if is_traits else "properties"
    raw = message.traits if is_traits else message.properties
    kept = raw if arrival.daily_ids is None else without(raw, "session_id")
    event.properties = properties_text(joined(kept, left), loc)
    known = decode_event(_PROPERTIES, raw, loc) if bytes(raw) not in NOTHING else _NO_PROPERTIES
    _put_context(event, context, known)
    _put_known(event, known)
    event.is_interactive = kind == "track" and known.interactive is not False
    return event


def _put_context(event: Event, context: Context, known: KnownProperties) -> None:
    page = context.page or Page()
    event.page_url = page.url or text_of(known.url)
    event.page_path, event.page_search = page.path, page.search
    event.page_title = page.title or text_of(known.title)
    event.referrer = page.referrer or text_of(known.referrer)
    event.language, event.timezone = context.locale, context.timezone
    if campaign := context.campaign:
        event.utm_source, event.utm_medium = campaign.source, campaign.medium
        event.utm_campaign = campaign.name
        event.utm_term, event.utm_content = campaign.term, campaign.content
    if screen := context.screen:
        event.screen_width_px = whole(screen.width, "context.screen.width")
        event.screen_height_px = whole(screen.height, "context.screen.height")
    if library := context.library:
        event.library_name, event.library_version = library.name, library.version


def _put_known(event: Event, known: KnownProperties) -> None:
    """Set the columns that have a property of their own."""
    event.is_conversion = known.is_conversion is True
    paid = known.revenue
    if paid is None and (event.is_conversion or event.event_name in _CONVERSIONS):
        paid = known.total if known.total is not None else known.value
    event.revenue_amount = amount(paid, "properties.revenue")
    if event.revenue_amount is not None:
        event.currency = currency(known.currency, "properties.currency")
    event.seq = whole(known.seq, "properties.seq")
    event.client_session_id = identity(known.session_id, "properties.session_id")
    event.engaged_ms = whole(known.engaged_ms, "properties.engaged_ms", 0)
    event.scroll_percent = whole(known.scroll_percent, "properties.scroll_percent", 0, 100)
    event.click_target = text_of(known.click_target)
    event.click_x_px = whole(known.click_x_px, "properties.click_x_px")
    event.click_y_px = whole(known.click_y_px, "properties.click_y_px")
    event.page_view_id = identity(known.page_view_id, "properties.page_view_id")
