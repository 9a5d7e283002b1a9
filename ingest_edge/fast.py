"""The tracker's usual batch to records in one pass.

Hot path (style guide, 6): what routes/own.py, steps.py and custody.py do for any event, without a
call for each step and field: 19 us an event there, 6 here, measured on one crowded machine. A batch
that holds anything unusual is left to the plain path, which is this file's reference:
tests/property/test_edge_fast.py holds the records of both equal.
"""

from collections.abc import Sequence
from copy import copy
from operator import attrgetter
from typing import Final

from ingest_edge.arrival import Arrival
from ingest_edge.clock import Clock
from ingest_edge.event import SCHEMA, Event, encode
from ingest_edge.flood import HOUR_MS
from ingest_edge.keys import PageKey
from ingest_edge.parsing import (
    MAX_DEPTH,
    MAX_EVENT_BYTES,
)
from ingest_edge.privacy import AddressMask, may_name_address
from ingest_edge.record import Record
from ingest_edge.steps import (
    FLOOD,
    put_origin,
    put_page,
    put_referrer_host,
)
from ingest_edge.tracker_wire import TrackerEvent
from pipelines.enrich.local_date import QUARTER_MS, local_date
from schemas.load import RULES

_MAX_AGE_MS: Final = RULES.delivery.max_age_hours * 3_600_000
_PASSIVE: Final = frozenset(RULES.events.passive)
_CONVERSIONS: Final = frozenset(RULES.events.conversions)
_ALIASES: Final = RULES.events.aliases
_OPEN_BRACE: Final = 0x7B
_MAX_PAGES: Final = 4_096
# What the three steps of the page set: functions of page, referrer and site alone.
_PAGE_COLUMNS: Final = (
    "page_host", "page_path", "page_search", "utm_source", "utm_medium", "utm_campaign",
    "utm_term", "utm_content", "click_id_kind", "click_id", "referrer_host", "source", "medium",
    "campaign", "channel",
)  # fmt: skip

# What the batch said of the campaign already: the page's columns depend on it, too.
_CAMPAIGN: Final = attrgetter(
    "page_host", "page_path", "page_search", "utm_source", "utm_medium", "utm_campaign",
    "utm_term", "utm_content", "click_id_kind", "click_id", "referrer_host",
)  # fmt: skip

Columns = tuple[str | None, ...]


def is_usual(body: bytes) -> bool:
    """Tell whether a body may be taken in one pass: no larger than one event, and UTF-8."""
    if len(body) > MAX_EVENT_BYTES:
        return False
    if not body.isascii():
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            return False
    return True


def fast_records(
    sent_events: Sequence[TrackerEvent],
    arrival: Arrival,
    mask: AddressMask,
    clock: Clock,
    topic: str,
) -> list[Record] | None:
    """Return a record for each event; None if the plain path must look at the batch."""
    events = _events(sent_events, arrival)
    if events is None:
        return None
    blank = arrival.blank
    site_id, visitor_id = blank.site_id, blank.visitor_id
    _tag_flood(events, site_id, visitor_id)
    at = clock.record_time(blank.received_at)
    site = site_id.encode() + b":"
    key = site + visitor_id.encode() if visitor_id else b""
    address, new, records = mask.first, tuple.__new__, list[Record]()
    for event in events:
        value = encode(event)
        own_key = key or site + event.event_id.encode()
        if address is not None and address in value:
            hidden = mask.hide(value)
            if hidden is not value:
                value, own_key = hidden, site + mask.hide(own_key[len(site) :])
        # A NamedTuple's own constructor takes twice as long.
        records.append(new(Record, (topic, own_key, value, SCHEMA, at)))
    return records


def _tag_flood(events: Sequence[Event], site_id: str, visitor_id: str | None) -> None:
    """Count the events of the visitor: one by one only where an hour ends or its limit is near."""
    if visitor_id is None or not events:
        return
    hour = events[0].event_at // HOUR_MS
    is_one = events[-1].event_at // HOUR_MS == hour and all(
        event.event_at // HOUR_MS == hour for event in events
    )
    if is_one and FLOOD.add_all(site_id, visitor_id, hour, len(events)):
        return
    for event in events:
        event.is_flood = FLOOD.add(site_id, visitor_id, event.event_at)


def _events(sent_events: Sequence[TrackerEvent], arrival: Arrival) -> list[Event] | None:
    """Return the events after all steps but the flood's, which counts; None if one is unusual."""
    blank, site, shift = arrival.blank, arrival.site, arrival.shift_ms
    if arrival.daily_ids is not None or not (blank.visitor_id or blank.user_id):
        return None
    received_at, timezone = blank.received_at, site.timezone
    oldest = 0 if arrival.is_secret else max(0, received_at - _MAX_AGE_MS)
    copy = blank.__copy__
    campaign = _CAMPAIGN(blank)
    pages = site.pages.get(campaign) or site.pages.setdefault(campaign, {})
    quarter, event_date, events, kept = -1, "", list[Event](), list[bytes]()
    for sent in sent_events:
        name = sent.event_name.strip()
        if not name or not sent.event_id or sent.revenue_amount is not None:
            return None
        event = copy()
        event.event_name = name = _ALIASES.get(name, name)
        event.event_id = sent.event_id
        event_at = received_at
        if sent.client_at is not None:
            event.client_at = sent.client_at
            event_at = min(sent.client_at + shift, received_at)
        if event_at < oldest:
            return None
        event.event_at = event_at
        if event_at // QUARTER_MS != quarter:
            quarter, event_date = event_at // QUARTER_MS, local_date(event_at, timezone)
        event.event_date = event_date
        event.seq, event.page_view_id = sent.seq, sent.page_view_id
        event.page_title, event.engaged_ms = sent.page_title, sent.engaged_ms
        event.scroll_percent, event.click_target = sent.scroll_percent, sent.click_target
        event.click_x_px, event.click_y_px = sent.click_x_px, sent.click_y_px
        page = sent.page_url, sent.referrer
        columns = pages.get(page) or _page_columns(page, arrival, pages)
        event.page_url, event.referrer = page[0], page[1] or None
        (
            event.page_host, event.page_path, event.page_search, event.utm_source,
            event.utm_medium, event.utm_campaign, event.utm_term, event.utm_content,
            event.click_id_kind, event.click_id, event.referrer_host, event.source,
            event.medium, event.campaign, event.channel,
        ) = columns  # type: ignore[assignment]  # fmt: skip
        event.is_conversion = is_conversion = sent.is_conversion or name in _CONVERSIONS
        event.is_interactive = is_conversion or (sent.is_interactive and name not in _PASSIVE)
        properties = bytes(sent.properties)
        if properties and properties != b"{}":
            if properties[0] != _OPEN_BRACE:
                return None
            event.properties = properties.decode("utf-8")
            kept.append(properties)
        events.append(event)
    return None if _is_odd(b"".join(kept)) else events


def _is_odd(properties: bytes) -> bool:
    """Tell whether some properties may name an address, or be nested too deep."""
    return may_name_address(properties) or (
        properties.count(b"{") + properties.count(b"[") > MAX_DEPTH
    )


def _page_columns(page: PageKey, arrival: Arrival, pages: dict[PageKey, Columns]) -> Columns:
    """Return what the steps of the page make of an address and a referrer, and remember it."""
    event = copy(arrival.blank)
    event.page_url, event.referrer = page[0], page[1] or None
    for step in (put_page, put_referrer_host, put_origin):
        step(event, arrival)
    known = arrival.site.pages
    if len(pages) >= _MAX_PAGES or len(known) >= _MAX_PAGES:
        known.clear()
        pages.clear()
    columns = pages[page] = tuple(getattr(event, name) for name in _PAGE_COLUMNS)
    return columns
