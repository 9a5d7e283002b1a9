"""Pointer moves and scroll depths: from the event that brings them to the record of their topic."""

from typing import Annotated, Any, Final

import msgspec

from ingest_edge.errors import DropReason, Refusal
from ingest_edge.event import Event
from ingest_edge.parsing import Unusable, decode_event, refuse, whole
from schemas.load import RECORDS, RULES

POINTERS: Final = "pointers"
SCHEMA: Final = RECORDS["pointer_batch"].header
# The event's name, in every dialect.
MOVES: Final = RULES.events.moves
_RULES: Final = RULES.heatmap
_MAX_X: Final = 1_000  # thousandths of the page's width

Number = int | float
# [ms since the first, x in thousandths of the page's width, y in px from its top]
Point = tuple[Number, Number, Number]
Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]


class Moves(msgspec.Struct, gc=False):
    """What is read of the event's properties."""

    points: Annotated[list[Point], msgspec.Meta(max_length=_RULES.max_points)] = []
    x_permille: Any = None
    y_px: Any = None
    document_height_px: Any = None
    scroll_from_percent: Percent | None = None


class PointerBatch(msgspec.Struct, omit_defaults=True, kw_only=True, gc=False):
    """Record `pointer_batch` of schemas/avro (a test holds them equal)."""

    record_kind: str
    site_id: str
    event_id: str
    visitor_id: str | None = None
    page_view_id: str | None = None
    client_at: int | None = None
    sent_at: int | None = None
    received_at: int
    event_at: int
    event_date: str
    sender: str
    page_host: str | None = None
    page_path: str
    viewport_width_px: int | None = None
    document_height_px: int | None = None
    points: str | None = None
    scroll_from_percent: int | None = None
    scroll_percent: int | None = None
    is_bot: bool
    is_flood: bool


_MOVES: Final = msgspec.json.Decoder(Moves)


def is_pointers(event: Event) -> bool:
    """Tell whether the event goes to topic `pointers` instead of `events`."""
    return event.event_name == MOVES


def pointers_of(event: Event) -> bytes | Refusal:
    """Return the record of an event that has passed all steps, encoded; or why it is none."""
    try:
        return msgspec.json.encode(_batch(event))
    except Unusable as error:
        return error.refusal


def _batch(event: Event) -> PointerBatch:
    if event.sender not in _RULES.heatmap_senders:
        fix = "Send them with a write key, as they happen."
        refuse("name", "moves of the past, or of servers, are not kept", fix, DropReason.NOT_KEPT)
    if event.page_path is None:
        refuse("url", "names no page", "Send the address of the page.")
    moves = decode_event(_MOVES, (event.properties or "{}").encode(), "properties")
    points = moves.points or _single(event, moves)
    reached = event.scroll_percent if _is_deeper(event, moves) else None
    if not points and reached is None:
        fix = "Send points, x_permille and y_px, or scroll_percent."
        refuse("properties", "holds no point and no depth", fix)
    return PointerBatch(
        record_kind=POINTERS,
        site_id=event.site_id,
        event_id=event.event_id,
        visitor_id=event.visitor_id,
        page_view_id=event.page_view_id,
        client_at=event.client_at,
        sent_at=event.sent_at,
        received_at=event.received_at,
        event_at=event.event_at,
        event_date=event.event_date,
        sender=event.sender,
        page_host=event.page_host,
        page_path=event.page_path,
        viewport_width_px=event.viewport_width_px,
        document_height_px=whole(moves.document_height_px, "properties.document_height_px", 0),
        points=" ".join(map(_text, points)) or None,
        scroll_from_percent=moves.scroll_from_percent if reached is not None else None,
        scroll_percent=reached,
        is_bot=event.is_bot,
        is_flood=event.is_flood,
    )


def _is_deeper(event: Event, moves: Moves) -> bool:
    return event.scroll_percent is not None and (
        event.scroll_percent > (moves.scroll_from_percent or 0)
    )


def _single(event: Event, moves: Moves) -> list[Point]:
    """Return the one point of an event that has no list; none if it names no place."""
    x, y = moves.x_permille, moves.y_px
    if x is None and event.click_x_px is not None and event.viewport_width_px:
        x = event.click_x_px * _MAX_X / event.viewport_width_px
    if y is None:
        y = event.click_y_px
    x, y = whole(x, "properties.x_permille"), whole(y, "properties.y_px")
    if x is not None and y is not None:
        return [(0, x, y)]
    if x is None and y is None:
        return []
    fix = "Send x_permille and y_px, or x, y and the viewport's width."
    refuse("properties", "names half a place", fix)


def _text(point: Point) -> str:
    """Return a point as the record has it; what lies outside of the page is moved to its edge."""
    _, x, y = point
    across = min(max(round(x), 0), _MAX_X)
    down = min(max(round(y), 0), _RULES.max_height_px)
    return f"{across},{down}"
