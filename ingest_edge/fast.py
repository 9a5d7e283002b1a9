"""The tracker's usual batch to records in one pass.

Hot path (style guide, 6): what routes/own.py, steps.py and custody.py do for any event, with each
piece of a record (pieces.py) encoded as seldom as can be. A batch that holds anything unusual is
left to that plain path, which is this file's reference: tests/property/test_edge_fast.py holds the
records of both equal.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Final

from ingest_edge.address import is_local
from ingest_edge.arrival import Arrival, shift_of
from ingest_edge.custody import EVENTS
from ingest_edge.event import SCHEMA, blank_event
from ingest_edge.flood import HOUR_MS
from ingest_edge.geo import Place
from ingest_edge.keys import PageKey, Site
from ingest_edge.parsing import MAX_DEPTH, NOTHING
from ingest_edge.pieces import BatchPiece, ClientPiece, OwnPiece, PagePiece, first, inner, last
from ingest_edge.pointers import MOVES
from ingest_edge.privacy import AddressMask, may_name_address
from ingest_edge.record import Record
from ingest_edge.steps import (
    FLOOD,
    MAX_AGE_MS,
    put_landing,
    put_origin,
    put_page,
    put_referrer_host,
)
from ingest_edge.tracker_wire import TrackerShared, WholeTrackerBatch
from pipelines.enrich.bots import judge
from pipelines.enrich.device import Hints, agent_of
from pipelines.enrich.local_date import QUARTER_MS, local_date
from schemas.load import RULES

_PASSIVE: Final = frozenset(RULES.events.passive)
_CONVERSIONS: Final = frozenset(RULES.events.conversions)
_ALIASES: Final = RULES.events.aliases
_OPEN_BRACE: Final = 0x7B
_MAX_PAGES: Final = 4_096
_page_columns: Final = attrgetter(*PagePiece.__struct_fields__)


def own_pieces(batch: WholeTrackerBatch, site: Site, received_at: int) -> list[OwnPiece] | None:
    """Return what is each event's own, not yet tagged as flood; None if one is unusual."""
    shift = shift_of(received_at, batch.sent_at)
    oldest = max(0, received_at - MAX_AGE_MS)
    quarter, event_date = -1, ""
    # TRICKY: list[OwnPiece]() would make its type anew for each batch.
    found: list[OwnPiece] = []
    kept: list[bytes] = []
    for sent in batch.events:
        name = sent.event_name.strip()
        if not name or not sent.event_id or sent.revenue_amount is not None:
            return None
        name = _ALIASES.get(name, name)
        if name == MOVES:
            return None
        event_at = received_at
        if sent.client_at is not None:
            event_at = min(sent.client_at + shift, received_at)
            if event_at < oldest:
                return None
        if event_at // QUARTER_MS != quarter:
            quarter, event_date = event_at // QUARTER_MS, local_date(event_at, site.timezone)
        properties, text = bytes(sent.properties), None
        if properties not in NOTHING:
            if properties[0] != _OPEN_BRACE:
                return None
            text = properties.decode()
            kept.append(properties)
        is_conversion = sent.is_conversion or name in _CONVERSIONS
        is_interactive = is_conversion or (sent.is_interactive and name not in _PASSIVE)
        found.append(OwnPiece(
            sent.event_id, name, event_at, event_date, is_conversion, is_interactive, False,
            sent.client_at, sent.seq, sent.page_view_id, sent.page_title, sent.engaged_ms,
            sent.scroll_percent, sent.click_target, sent.click_x_px, sent.click_y_px, text,
        ))  # fmt: skip
    return None if _is_odd(kept) else found


def _is_odd(kept: Sequence[bytes]) -> bool:
    """Tell whether some properties may name an address, or be nested too deep."""
    together = b"".join(kept)
    if may_name_address(together):
        return True
    # All of a small batch together open fewer than one may.
    return _opened(together) > MAX_DEPTH and any(_opened(one) > MAX_DEPTH for one in kept)


def _opened(properties: bytes) -> int:
    return properties.count(b"{") + properties.count(b"[")


def fast_records(
    owns: Sequence[OwnPiece],
    batch: WholeTrackerBatch,
    site: Site,
    head: bytes,
    address: str | None,
    at: int,
) -> list[Record]:
    """Return the record of each event; counts the events of the visitor.

    `head` are the pieces of client and batch; `address` is to be masked if it is a public one; `at`
    is Record's.
    """
    visitor_id, landing, pages = batch.visitor_id, batch.landing_url, site.pages
    if visitor_id is not None:
        _tag_flood(owns, site.site_id, visitor_id)
    site_key = site.site_id.encode() + b":"
    visitor_key = site_key + visitor_id.encode() if visitor_id else None
    named = address.encode() if address and not is_local(address) else None
    new = tuple.__new__
    records: list[Record] = []
    for own, sent in zip(owns, batch.events, strict=True):
        place = sent.page_url, sent.referrer, landing
        value = b"".join((head, pages.get(place) or _page_piece(place, site), last(own)))
        key = visitor_key or site_key + own.event_id.encode()
        if named is not None and named in value:
            mask = AddressMask(address)
            hidden = mask.hide(value)
            if hidden is not value:
                value, key = hidden, site_key + mask.hide(key[len(site_key) :])
        # A NamedTuple's own constructor takes twice as long.
        records.append(new(Record, (EVENTS, key, value, SCHEMA, at)))
    return records


def _tag_flood(owns: Sequence[OwnPiece], site_id: str, visitor_id: str) -> None:
    """Count the events of the visitor: one by one only where an hour ends or its limit is near."""
    hour = owns[0].event_at // HOUR_MS
    is_one = len(owns) == 1 or all([own.event_at // HOUR_MS == hour for own in owns])
    if is_one and FLOOD.add_all(site_id, visitor_id, hour, len(owns)):
        return
    for own in owns:
        own.is_flood = FLOOD.add(site_id, visitor_id, own.event_at)


def client_piece(
    site_id: str, user_agent: str | None, hints: Hints, *, has_language: bool, is_webdriver: bool
) -> bytes:
    """Return what depends on the site and on who sent, as arrival.client_of has it."""
    score, is_bot, reasons = judge(user_agent, has_language=has_language, is_webdriver=is_webdriver)
    agent = agent_of(user_agent, is_bot=is_bot, hints=hints)
    return first(ClientPiece(
        "event", site_id, "browser", agent.device, score, is_bot, reasons, agent.browser,
        agent.browser_version, agent.os, agent.os_version,
    ))  # fmt: skip


def batch_piece(batch: TrackerShared, received_at: int, place: Place) -> bytes:
    """Return what the events of a batch share."""
    return inner(BatchPiece(
        received_at, batch.sent_at, batch.visitor_id, batch.user_id, batch.client_session_id,
        batch.is_new_visitor_hint, batch.screen_width_px, batch.screen_height_px,
        batch.viewport_width_px, batch.viewport_height_px, batch.language, batch.timezone,
        batch.consent, batch.library_name, batch.library_version, *place,
    ))  # fmt: skip


def _page_piece(place: PageKey, site: Site) -> bytes:
    """Return what the steps of the page make of address, referrer and landing, and remember it."""
    page_url, referrer, landing = place
    event = blank_event(site_id=site.site_id, sender="browser", received_at=0, sent_at=None)
    event.page_url, event.referrer = page_url, referrer or None
    if landing is not None:
        put_landing(event, landing)
    arrival = Arrival(site, is_secret=False, shift_ms=0, blank=event)
    for step in (put_page, put_referrer_host, put_origin):
        step(event, arrival)
    if len(site.pages) >= _MAX_PAGES:
        site.pages.clear()
    piece = site.pages[place] = inner(PagePiece(*_page_columns(event)))
    return piece
