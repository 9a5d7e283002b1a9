"""An event of the plain JSON routes (/api/collect, /api/track/events): few names, all else kept."""

from copy import copy
from typing import Any, Final

import msgspec

from ingest_edge.arrival import Arrival
from ingest_edge.event import Event
from ingest_edge.leftover import Fields, decode_all, joined
from ingest_edge.parsing import (
    NOTHING,
    amount,
    currency,
    epoch_ms,
    event_name,
    identity,
    properties_text,
    text_of,
    whole,
)
from ingest_edge.wire_parts import Library, Page
from schemas.load import RULES

_CONVERSIONS: Final = frozenset(RULES.events.conversions)


class Utm(msgspec.Struct, forbid_unknown_fields=True):
    """The campaign that led to it."""

    source: str | None = None
    medium: str | None = None
    campaign: str | None = None
    term: str | None = None
    content: str | None = None


class Person(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Who it was, if the event does not go by its batch."""

    user_id: Any = None
    anonymous_id: Any = None


class Size(msgspec.Struct, forbid_unknown_fields=True):
    """Width and height in px."""

    width: Any = None
    height: Any = None


class Device(msgspec.Struct, forbid_unknown_fields=True):
    """What it was seen on."""

    ua: Any = None
    screen: Size | None = None
    viewport: Size | None = None
    language: str | None = None
    timezone: str | None = None


class Session(msgspec.Struct):
    """The session as its sender sees it: a hint, the stream decides."""

    id: Any = None


class Visitor(msgspec.Struct):
    """The visitor of a batch."""

    id: Any = None
    user_id: Any = None
    is_new: Any = None


class Context(msgspec.Struct, forbid_unknown_fields=True):
    """What surrounds an event; of the whole batch, or of one event in place of the batch's."""

    ip: Any = None
    page: Page | None = None
    utm: Utm | None = None
    user: Person | None = None
    session: Session | None = None
    device: Device | None = None
    library: Library | None = None


class PlainEvent(msgspec.Struct, forbid_unknown_fields=True):
    """One event. `name`, `event` or `type` names it; what has no field here stays in properties."""

    name: str | None = None
    event: str | None = None
    type: str | None = None
    id: Any = None
    event_id: Any = None
    timestamp: Any = None
    seq: Any = None
    url: str | None = None
    title: str | None = None
    referrer: str | None = None
    visitor_id: Any = None
    session_id: Any = None
    page_view_id: Any = None
    x: Any = None
    y: Any = None
    selector: Any = None
    engaged_ms: Any = None
    scroll_percent: Any = None
    is_conversion: bool = False
    value: Any = None
    currency: Any = None
    context: msgspec.Raw = msgspec.Raw()
    properties: msgspec.Raw = msgspec.Raw()


_EVENT: Final = msgspec.json.Decoder(PlainEvent)
_CONTEXT: Final = msgspec.json.Decoder(Context)


def read_event(raw: msgspec.Raw) -> tuple[PlainEvent, Fields]:
    """Return an event and what it holds besides, or raise Unusable."""
    sent, left = decode_all(_EVENT, PlainEvent, raw)
    used = sent.name or sent.event or sent.type
    for name in ("event", "type"):
        given = getattr(sent, name)
        if given is not None and given != used:
            left[name] = msgspec.Raw(msgspec.json.encode(given))
    return sent, left


def read_context(raw: msgspec.Raw, under: str = "context") -> tuple[Context, Fields]:
    """Return a context and what it holds besides, or raise Unusable."""
    if bytes(raw) in NOTHING:
        return Context(), {}
    return decode_all(_CONTEXT, Context, raw, under)


def event_of(sent: PlainEvent, context: Context, left: Fields, arrival: Arrival) -> Event:
    """Return the event; the batch's visitor and session stand in `arrival.blank` already."""
    event = copy(arrival.blank)
    event.event_name = event_name(sent.name or sent.event or sent.type, "name")
    event.event_id = identity(sent.event_id if sent.id is None else sent.id, "id") or ""
    event.client_at = epoch_ms(sent.timestamp, "timestamp")
    event.seq = whole(sent.seq, "seq")
    event.page_view_id = identity(sent.page_view_id, "page_view_id")
    event.click_target = text_of(sent.selector)
    event.click_x_px, event.click_y_px = whole(sent.x, "x"), whole(sent.y, "y")
    event.engaged_ms = whole(sent.engaged_ms, "engaged_ms", 0)
    event.scroll_percent = whole(sent.scroll_percent, "scroll_percent", 0, 100)
    event.is_conversion, event.is_interactive = sent.is_conversion, True
    _put_people(event, sent, context)
    _put_context(event, sent, context)
    if sent.value is not None and (sent.is_conversion or event.event_name in _CONVERSIONS):
        event.revenue_amount = amount(sent.value, "value")
        event.currency = currency(sent.currency, "currency")
    elif sent.value is not None:
        left["value"] = msgspec.Raw(msgspec.json.encode(sent.value))
    event.properties = properties_text(joined(sent.properties, left), "properties")
    return event


def _put_people(event: Event, sent: PlainEvent, context: Context) -> None:
    person, session = context.user or Person(), context.session or Session()
    visitor = identity(sent.visitor_id, "visitor_id") or identity(
        person.anonymous_id, "context.user.anonymousId"
    )
    event.visitor_id = visitor or event.visitor_id
    event.user_id = identity(person.user_id, "context.user.userId") or event.user_id
    named = identity(sent.session_id, "session_id") or identity(session.id, "context.session.id")
    event.client_session_id = named or event.client_session_id


def _put_context(event: Event, sent: PlainEvent, context: Context) -> None:
    page, utm = context.page or Page(), context.utm or Utm()
    event.page_url = sent.url or page.url
    event.page_path, event.page_search = page.path, page.search
    event.page_title = sent.title or page.title
    event.referrer = sent.referrer or page.referrer or None
    event.utm_source, event.utm_medium, event.utm_campaign = utm.source, utm.medium, utm.campaign
    event.utm_term, event.utm_content = utm.term, utm.content
    if device := context.device:
        _put_device(event, device)
    if library := context.library:
        event.library_name, event.library_version = library.name, library.version


def _put_device(event: Event, device: Device) -> None:
    event.language, event.timezone = device.language, device.timezone
    if screen := device.screen:
        event.screen_width_px = whole(screen.width, "context.device.screen.width")
        event.screen_height_px = whole(screen.height, "context.device.screen.height")
    if viewport := device.viewport:
        event.viewport_width_px = whole(viewport.width, "context.device.viewport.width")
        event.viewport_height_px = whole(viewport.height, "context.device.viewport.height")
