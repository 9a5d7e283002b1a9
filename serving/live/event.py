"""One event of the feed: from the record on the wire to the bytes that every listener gets."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from pydantic import BaseModel, Field

from serving.live.tail import Arrived


class _Wire(msgspec.Struct):
    """What the feed tells of a record; the rest is not read."""

    record_kind: str
    event_id: str
    event_name: str
    event_at: int
    received_at: int
    sender: str
    visitor_id: str | None = None
    user_id: str | None = None
    page_view_id: str | None = None
    page_host: str | None = None
    page_path: str | None = None
    page_title: str | None = None
    click_target: str | None = None
    source: str | None = None
    medium: str | None = None
    channel: str | None = None
    country: str | None = None
    city: str | None = None
    device: str | None = None
    browser: str | None = None
    os: str | None = None
    is_conversion: bool = False
    revenue_amount: str | None = None
    currency: str | None = None
    is_bot: bool = False
    properties: str | None = None


class LiveEvent(BaseModel):
    """An event as it arrived, in the words of `analytics.events`; nobody has judged it yet."""

    event_id: str
    event_name: str
    event_at: datetime
    received_at: datetime
    visitor_id: str | None
    user_id: str | None
    page_view_id: str | None
    page_host: str | None
    page_path: str | None
    page_title: str | None
    click_target: str | None
    source: str | None
    medium: str | None
    channel: str | None
    country: str | None
    city: str | None
    device: str | None
    browser: str | None
    os: str | None
    is_conversion: bool
    revenue_amount: str | None = Field(description="In `currency`, exact.")
    currency: str | None
    is_bot: bool
    properties: dict[str, Any] = Field(description="What else the sender gave.")


@dataclass(frozen=True)
class Item:
    """An event ready to be sent. `place` names it in Last-Event-ID."""

    place: str
    event_id: str
    name: str
    is_bot: bool
    frame: bytes


_WIRE: Final = msgspec.json.Decoder(_Wire)


def item_of(arrived: Arrived) -> Item | None:
    """Return the record as an item; None for what `analytics.events` does not show either."""
    try:
        wire = _WIRE.decode(arrived.value)
        if wire.record_kind != "event" or wire.sender == "webhook":
            return None
        event = _event(wire)
    except (msgspec.DecodeError, ValueError, OverflowError):
        return None  # collect_events makes a dead letter of it
    frame = f"id: {arrived.place}\ndata: {event.model_dump_json()}\n\n".encode()
    return Item(arrived.place, wire.event_id, wire.event_name, wire.is_bot, frame)


def _event(wire: _Wire) -> LiveEvent:
    values = {name: getattr(wire, name) for name in LiveEvent.model_fields}
    values["event_at"] = _moment(wire.event_at)
    values["received_at"] = _moment(wire.received_at)
    values["properties"] = _properties(wire.properties or "{}")
    return LiveEvent.model_construct(**values)


def _properties(text: str) -> dict[str, Any]:
    """Return the object in the text; nothing for what the edge would not have let through."""
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}


def _moment(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)
