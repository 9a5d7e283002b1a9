"""The event as it leaves the edge: record `event` of schemas/avro (a test holds them equal).

There is no field for the client's address, so no step can keep it.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import msgspec

from schemas.load import RECORDS


class Event(msgspec.Struct, omit_defaults=True, kw_only=True, gc=False):
    """Record `event`. Not frozen: a copy at each of a dozen steps would cost 5 us an event."""

    record_kind: str
    site_id: str
    event_id: str
    event_name: str
    visitor_id: str | None = None
    user_id: str | None = None
    client_session_id: str | None = None
    page_view_id: str | None = None
    seq: int | None = None
    client_at: int | None = None
    sent_at: int | None = None
    received_at: int
    event_at: int
    event_date: str
    sender: str
    page_url: str | None = None
    page_host: str | None = None
    page_path: str | None = None
    page_search: str | None = None
    page_title: str | None = None
    referrer: str | None = None
    referrer_host: str | None = None
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    utm_term: str | None = None
    utm_content: str | None = None
    click_id_kind: str | None = None
    click_id: str | None = None
    source: str
    medium: str
    campaign: str | None = None
    channel: str
    country: str | None = None
    region: str | None = None
    city: str | None = None
    device: str
    browser: str | None = None
    browser_version: str | None = None
    os: str | None = None
    os_version: str | None = None
    screen_width_px: int | None = None
    screen_height_px: int | None = None
    viewport_width_px: int | None = None
    viewport_height_px: int | None = None
    language: str | None = None
    timezone: str | None = None
    engaged_ms: int | None = None
    scroll_percent: int | None = None
    click_target: str | None = None
    click_x_px: int | None = None
    click_y_px: int | None = None
    is_conversion: bool
    is_interactive: bool
    revenue_amount: Decimal | None = None
    currency: str | None = None
    revenue_usd_amount: Decimal | None = None
    is_new_visitor_hint: bool | None = None
    bot_score: int
    is_bot: bool
    bot_reasons: str | None = None
    is_flood: bool
    consent: str | None = None
    library_name: str | None = None
    library_version: str | None = None
    properties: str | None = None

    if TYPE_CHECKING:

        def __copy__(self) -> "Event":
            """Return a copy; `copy.copy` finds this one, at three times the cost."""
            ...


SCHEMA: Final = RECORDS["event"].header
_ENCODER: Final = msgspec.json.Encoder(decimal_format="string")


def blank_event(*, site_id: str, sender: str, received_at: int, sent_at: int | None) -> Event:
    """Return what all events of a batch start from: copied for each, then filled in.

    What the steps decide is empty or zero.
    """
    return Event(
        record_kind="event",
        site_id=site_id,
        event_id="",
        event_name="",
        sent_at=sent_at,
        received_at=received_at,
        event_at=received_at,
        event_date="",
        sender=sender,
        source="",
        medium="",
        channel="",
        device="",
        is_conversion=False,
        is_interactive=False,
        bot_score=0,
        is_bot=False,
        is_flood=False,
    )


def encode(event: Event) -> bytes:
    """Return the event as it goes on the wire; a null column is left out."""
    return _ENCODER.encode(event)
