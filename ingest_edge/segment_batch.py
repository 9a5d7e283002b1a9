"""Read the messages of a Segment batch as events."""

import hashlib
import hmac
from copy import copy
from typing import Final

import msgspec

from ingest_edge.arrival import Arrival, arrival_of, client_of
from ingest_edge.custody import Edge, Parsed
from ingest_edge.event import Event
from ingest_edge.gate import client_address
from ingest_edge.http import Request
from ingest_edge.keys import Key
from ingest_edge.parsing import (
    Unusable,
    amount,
    currency,
    decode_event,
    epoch_ms,
    event_name,
    identity,
    properties_text,
    refuse,
    whole,
)
from ingest_edge.privacy import AddressMask
from ingest_edge.segment_wire import Batch, Context, KnownProperties, Message, Page
from schemas.load import RULES

_MESSAGE: Final = msgspec.json.Decoder(Message)
_PROPERTIES: Final = msgspec.json.Decoder(KnownProperties)
_NAMES: Final = RULES.events.segment_names
_CONVERSIONS: Final = frozenset(RULES.events.conversions)
_BASE_CURRENCY: Final = RULES.currencies.base
_VISITOR_DIGITS: Final = 32
_NO_CONTEXT: Final = Context()
_NO_PROPERTIES: Final = KnownProperties()


class SegmentBatch:
    """One batch: what its messages share, and how each is read."""

    def __init__(
        self, edge: Edge, request: Request, key: Key, sent_at: int | None, batch: Batch
    ) -> None:
        self._edge = edge
        self._key = key
        self._sent_at = sent_at
        self._received_at = edge.clock.received_at(sent_at)
        self._is_secret = key.kind == "sec"
        self._sender = "import" if batch.history else "server" if self._is_secret else "browser"
        self._context = batch.context or _NO_CONTEXT
        # A back end's own address and user agent say nothing of the visitor.
        self._address = None if self._is_secret else client_address(edge, request)
        self._user_agent = None if self._is_secret else request.header(b"user-agent")
        self._has_language = self._is_secret or b"accept-language" in request.headers
        self._is_mobile = request.headers.get(b"sec-ch-ua-mobile") == b"?1"
        self._arrivals: dict[tuple[str | None, str | None], tuple[Arrival, AddressMask]] = {}

    def parse(self, raw: msgspec.Raw, call: str | None) -> Parsed:
        """Return one message as an event, or as the refusal it ends with."""
        arrival, mask = self._arrival(self._address, self._user_agent)
        try:
            message = decode_event(_MESSAGE, raw)
            context = message.context or self._context
            address, user_agent = self._client_named(context)
            arrival, mask = self._arrival(address, user_agent)
            event = self._event(message, context, call, arrival)
            if event.visitor_id is None and self._sender == "import":
                event.visitor_id = self._hashed_visitor(address, user_agent)
            return Parsed(raw, event, arrival, mask)
        except Unusable as error:
            return Parsed(raw, error.refusal, arrival, mask)

    def _client_named(self, context: Context) -> tuple[str | None, str | None]:
        """Return address and user agent of the visitor; an address is believed of servers only."""
        user_agent = context.user_agent or self._user_agent
        if not self._is_secret:
            return self._address, user_agent
        return (context.ip if isinstance(context.ip, str) else None), user_agent

    def _arrival(self, address: str | None, user_agent: str | None) -> tuple[Arrival, AddressMask]:
        found = self._arrivals.get((address, user_agent))
        if found is None:
            client = client_of(
                self._edge.geo,
                address,
                user_agent,
                is_judged=self._sender != "server" or user_agent is not None,
                has_language=self._has_language,
                is_mobile=self._is_mobile,
            )
            arrival = arrival_of(
                self._key.site, self._sender, self._received_at, self._sent_at, client,
                is_secret=self._is_secret,
            )  # fmt: skip
            found = self._arrivals[address, user_agent] = (arrival, AddressMask(address))
        return found

    def _hashed_visitor(self, address: str | None, user_agent: str | None) -> str:
        """Return the importer's visitor: the same file read twice gives the same ids."""
        text = f"{address or ''}|{user_agent or ''}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key.site.visitor_secret, text, hashlib.sha256).hex()[
            :_VISITOR_DIGITS
        ]

    def _event(
        self, message: Message, context: Context, call: str | None, arrival: Arrival
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
        event.properties = properties_text(raw, loc)
        known = decode_event(_PROPERTIES, raw) if event.properties else _NO_PROPERTIES
        _put_context(event, context, known)
        _put_known(event, known)
        event.is_interactive = kind == "track" and known.interactive is not False
        return event


def _put_context(event: Event, context: Context, known: KnownProperties) -> None:
    page = context.page or Page()
    event.page_url = page.url or _text(known.url)
    event.page_path, event.page_search = page.path, page.search
    event.page_title = page.title or _text(known.title)
    event.referrer = page.referrer or _text(known.referrer)
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
        event.currency = currency(known.currency, "properties.currency") or _BASE_CURRENCY
    event.seq = whole(known.seq, "properties.seq")
    event.client_session_id = identity(known.session_id, "properties.session_id")
    event.engaged_ms = whole(known.engaged_ms, "properties.engaged_ms", 0)
    event.scroll_percent = whole(known.scroll_percent, "properties.scroll_percent", 0, 100)
    event.click_target = _text(known.click_target)
    event.click_x_px = whole(known.click_x_px, "properties.click_x_px")
    event.click_y_px = whole(known.click_y_px, "properties.click_y_px")
    event.page_view_id = identity(known.page_view_id, "properties.page_view_id")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
