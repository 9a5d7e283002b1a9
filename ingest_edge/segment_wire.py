"""Segment's wire format as published clients send it; names in camel case on the wire.

What has no field here is kept in `properties` (leftover.py): the structs below a message forbid
unknown fields, so that one is noticed.
"""

from typing import Any

import msgspec

from ingest_edge.wire_parts import Library, Page


class Campaign(msgspec.Struct, forbid_unknown_fields=True):
    """context.campaign"""

    name: str | None = None
    source: str | None = None
    medium: str | None = None
    term: str | None = None
    content: str | None = None


class Screen(msgspec.Struct, forbid_unknown_fields=True):
    """context.screen"""

    width: int | float | None = None
    height: int | float | None = None


class Context(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """What the edge reads of a message's context."""

    ip: Any = None
    user_agent: str | None = None
    locale: str | None = None
    timezone: str | None = None
    page: Page | None = None
    campaign: Campaign | None = None
    screen: Screen | None = None
    library: Library | None = None


class Message(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """One call."""

    type: str | None = None
    event: str | None = None
    message_id: Any = None
    anonymous_id: Any = None
    user_id: Any = None
    timestamp: Any = None
    original_timestamp: Any = None
    context: msgspec.Raw = msgspec.Raw()
    properties: msgspec.Raw = msgspec.Raw()
    traits: msgspec.Raw = msgspec.Raw()
    # Of the envelope: nothing of the event, so kept nowhere.
    integrations: Any = None
    write_key: Any = None
    sent_at: Any = None
    received_at: Any = None
    channel: Any = None
    version: Any = None
    metadata: Any = msgspec.field(default=None, name="_metadata")


class Batch(msgspec.Struct, rename="camel"):
    """The body of /v1/batch."""

    batch: list[msgspec.Raw]
    write_key: str | None = None
    sent_at: Any = None
    context: msgspec.Raw = msgspec.Raw()
    history: bool = False


class Single(msgspec.Struct, rename="camel"):
    """What a single call has besides the message."""

    write_key: str | None = None
    sent_at: Any = None


class KnownProperties(msgspec.Struct):
    """Properties with a meaning of their own; they stay in `properties` as well."""

    url: Any = None
    title: Any = None
    referrer: Any = None
    revenue: Any = None
    total: Any = None
    value: Any = None
    currency: Any = None
    is_conversion: Any = None
    interactive: Any = None
    seq: Any = None
    session_id: Any = None
    engaged_ms: Any = None
    scroll_percent: Any = None
    click_target: Any = None
    click_x_px: Any = None
    click_y_px: Any = None
    page_view_id: Any = None
