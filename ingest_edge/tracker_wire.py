"""The tracker's own wire format, POST /e: named as the columns are."""

from typing import Annotated, Literal

import msgspec

from ingest_edge.errors import DropReason
from ingest_edge.keys import Key
from ingest_edge.parsing import LAST_MS
from schemas.load import RULES

# Checked by the decoder, in C: a call of Python for each field would cost more than the rest.
Int = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
Natural = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=RULES.events.name_max_length)]
Moment = Annotated[int, msgspec.Meta(ge=0, le=LAST_MS)]


class TrackerShared(msgspec.Struct, gc=False, kw_only=True):
    """What all events of a batch share."""

    key: str | None = None
    sent_at: Moment | None = None
    visitor_id: Id | None = None
    user_id: Id | None = None
    client_session_id: Id | None = None
    is_new_visitor_hint: bool | None = None
    screen_width_px: Int | None = None
    screen_height_px: Int | None = None
    viewport_width_px: Int | None = None
    viewport_height_px: Int | None = None
    language: str | None = None
    timezone: str | None = None
    consent: Literal["granted", "denied", "pending"] | None = None
    is_cookieless: bool = False
    # Address of the first page of this load, while it is the page being seen.
    landing_url: str | None = None
    library_name: str | None = None
    library_version: str | None = None
    is_webdriver: bool = False
    is_gpc: bool = False
    is_dnt: bool = False


class TrackerEvent(msgspec.Struct, gc=False):
    """One event of the tracker."""

    event_name: Name
    event_id: Id | None = None
    client_at: Moment | None = None
    seq: Int | None = None
    page_view_id: Id | None = None
    page_url: str | None = None
    page_title: str | None = None
    referrer: str | None = None
    engaged_ms: Natural | None = None
    scroll_percent: Percent | None = None
    click_target: str | None = None
    click_x_px: Int | None = None
    click_y_px: Int | None = None
    is_conversion: bool = False
    is_interactive: bool = True
    revenue_amount: str | int | float | None = None
    currency: str | None = None
    properties: msgspec.Raw = msgspec.Raw()


class TrackerBatch(TrackerShared, gc=False, kw_only=True):
    """The body of POST /e; each event is read on its own, so that one may be refused."""

    events: list[msgspec.Raw]


class WholeTrackerBatch(TrackerShared, gc=False, kw_only=True):
    """The same body, read in one go: one event that is wrong makes all of it wrong."""

    events: list[TrackerEvent]


def signal_in(batch: TrackerShared, key: Key) -> DropReason | None:
    """Return why the whole batch is left out on purpose, by what it says itself."""
    if batch.is_gpc:
        return DropReason.GPC
    if batch.is_dnt and key.site.respects_dnt:
        return DropReason.DNT
    is_refused = batch.consent == "denied" and key.site.cookieless is None
    return DropReason.NO_CONSENT if is_refused else None
