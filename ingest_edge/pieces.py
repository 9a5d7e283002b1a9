"""The record `event` in four pieces, by what their columns depend on.

The columns of a client are the same in most of its requests, those of a page in most of its
events: such a piece is encoded once and kept as bytes. A record is its four pieces in a row. Which
column stands in which piece is all there is to say here: tests/unit/ingest_edge/test_pieces.py
holds that each column of the record stands in exactly one, under the same name and default.
"""

from typing import Final

import msgspec


class ClientPiece(msgspec.Struct, omit_defaults=True, gc=False):
    """What depends on the site and on the browser that sent."""

    record_kind: str
    site_id: str
    sender: str
    device: str
    bot_score: int
    is_bot: bool
    bot_reasons: str | None = None
    browser: str | None = None
    browser_version: str | None = None
    os: str | None = None
    os_version: str | None = None


class BatchPiece(msgspec.Struct, omit_defaults=True, gc=False):
    """What the events of a batch share: the visitor, and where they are."""

    received_at: int
    sent_at: int | None = None
    visitor_id: str | None = None
    user_id: str | None = None
    client_session_id: str | None = None
    is_new_visitor_hint: bool | None = None
    screen_width_px: int | None = None
    screen_height_px: int | None = None
    viewport_width_px: int | None = None
    viewport_height_px: int | None = None
    language: str | None = None
    timezone: str | None = None
    consent: str | None = None
    library_name: str | None = None
    library_version: str | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None


class PagePiece(msgspec.Struct, omit_defaults=True, gc=False):
    """What depends on the page's address, its referrer and the campaign of the batch."""

    source: str
    medium: str
    channel: str
    page_url: str | None = None
    referrer: str | None = None
    page_host: str | None = None
    page_path: str | None = None
    page_search: str | None = None
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    utm_term: str | None = None
    utm_content: str | None = None
    click_id_kind: str | None = None
    click_id: str | None = None
    referrer_host: str | None = None
    campaign: str | None = None


class OwnPiece(msgspec.Struct, omit_defaults=True, gc=False):
    """What is the event's own. Of money there is nothing: such events take the plain path."""

    event_id: str
    event_name: str
    event_at: int
    event_date: str
    is_conversion: bool
    is_interactive: bool
    is_flood: bool
    client_at: int | None = None
    seq: int | None = None
    page_view_id: str | None = None
    page_title: str | None = None
    engaged_ms: int | None = None
    scroll_percent: int | None = None
    click_target: str | None = None
    click_x_px: int | None = None
    click_y_px: int | None = None
    properties: str | None = None


Piece = ClientPiece | BatchPiece | PagePiece | OwnPiece
encode: Final = msgspec.json.Encoder().encode


def first(piece: ClientPiece) -> bytes:
    """Return the piece that opens a record."""
    return encode(piece)[:-1] + b","


def inner(piece: BatchPiece | PagePiece) -> bytes:
    """Return a piece that stands between others. It is never empty: it has a required column."""
    return encode(piece)[1:-1] + b","


def last(piece: OwnPiece) -> bytes:
    """Return the piece that closes a record."""
    return encode(piece)[1:]
