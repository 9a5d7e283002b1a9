"""A piece of a session recording: what the tracker sends, what is stored, what is told of it.

All of it is plain work on bytes that may take a dozen milliseconds: it runs in a thread.
"""

import gzip
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, NamedTuple

import msgspec

from ingest_edge.arrival import Arrival
from ingest_edge.compression import GZIP_MAGIC, check_size, gunzip
from ingest_edge.errors import BadRequest, DropReason
from ingest_edge.parsing import decode_body
from ingest_edge.privacy import AddressMask
from ingest_edge.steps import MAX_AGE_MS
from ingest_edge.tracker_wire import Id, Moment, Natural
from schemas.load import RULES
from schemas.recording import chunk_key

_MAX_UNPACKED: Final = RULES.recordings.chunk_max_unpacked_bytes
_GZIP_LEVEL: Final = 6
_SNAPSHOT: Final = 2  # rrweb's number for a whole snapshot of the page
# Stands in a key of object storage: one name, no way out of its folder.
Name = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
Sequence = Annotated[int, msgspec.Meta(ge=0, le=999_999)]


class RecordingBody(msgspec.Struct, gc=False, kw_only=True):
    """The body of POST /e/replay; times in epoch ms by the sender's clock."""

    recording_id: Name
    sequence: Sequence
    visitor_id: Id
    client_session_id: Name
    recording_started_at: Moment
    started_at: Moment
    ended_at: Moment
    sent_at: Moment
    events: msgspec.Raw
    consent: Literal["granted", "denied", "pending"] | None = None
    is_cookieless: bool = False
    is_masked: bool = False
    is_gpc: bool = False
    is_dnt: bool = False
    is_webdriver: bool = False
    page_view_id: Id | None = None
    page_url: str | None = None
    library_version: str | None = None


class RrwebEvent(msgspec.Struct, gc=False):
    """What is looked at of an event of rrweb; the rest of it is for the player."""

    type: Natural
    timestamp: Annotated[int, msgspec.Meta(ge=0)] | float


class RecordingChunk(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Record `recording_chunk` of schemas/avro (a test holds them equal)."""

    site_id: str
    recording_id: str
    sequence: int
    visitor_id: str
    client_session_id: str
    page_view_id: str | None = None
    page_url: str | None = None
    recording_started_at: int
    started_at: int
    ended_at: int
    received_at: int
    event_count: int
    stored_bytes: int
    has_snapshot: bool
    is_masked: bool
    storage_key: str
    country: str | None = None
    device: str
    browser: str | None = None
    os: str | None = None
    library_version: str | None = None


class Piece(NamedTuple):
    """A piece that may be kept: what is stored, and what is told of it."""

    chunk: RecordingChunk
    content: bytes


_BODY: Final = msgspec.json.Decoder(RecordingBody)
_EVENTS: Final[msgspec.json.Decoder[list[RrwebEvent]]] = msgspec.json.Decoder(
    Annotated[
        list[RrwebEvent],
        msgspec.Meta(min_length=1, max_length=RULES.recordings.chunk_max_events),
    ]
)


def read(body: bytes) -> RecordingBody:
    """Return what was sent, gzipped or not; BadRequest names the field, TooLarge the limit.

    A page cannot say Content-Encoding without being asked back (a preflight), so gzip is told
    by its first two bytes.
    """
    if body.startswith(GZIP_MAGIC):
        body = gunzip(body, _MAX_UNPACKED)
    check_size(len(body), _MAX_UNPACKED)
    return decode_body(_BODY, body)


def signal_of(sent: RecordingBody, *, respects_dnt: bool) -> DropReason | None:
    """Return why the visitor must not be recorded: a recording needs an explicit yes."""
    if sent.is_gpc:
        return DropReason.GPC
    if sent.is_dnt and respects_dnt:
        return DropReason.DNT
    is_agreed = sent.consent == "granted" and not sent.is_cookieless
    return None if is_agreed else DropReason.NO_CONSENT


def piece_of(sent: RecordingBody, arrival: Arrival, mask: AddressMask) -> Piece:
    """Return what to store and what to tell of it; BadRequest names the field that is wrong."""
    events = _checked_events(sent)
    received_at, shift_ms = arrival.blank.received_at, arrival.shift_ms
    began, first, last = (
        min(moment + shift_ms, received_at)
        for moment in (sent.recording_started_at, sent.started_at, sent.ended_at)
    )
    _check_times(began, first, last, received_at)
    content = gzip.compress(mask.hide(bytes(sent.events)), _GZIP_LEVEL, mtime=0)
    date = datetime.fromtimestamp(began / 1000, UTC).date()
    key = chunk_key(
        arrival.site.site_id, date, sent.client_session_id, sent.recording_id, sent.sequence
    )
    chunk = RecordingChunk(
        site_id=arrival.site.site_id,
        recording_id=sent.recording_id,
        sequence=sent.sequence,
        visitor_id=sent.visitor_id,
        client_session_id=sent.client_session_id,
        page_view_id=sent.page_view_id,
        page_url=_without_query(sent.page_url),
        recording_started_at=began,
        started_at=first,
        ended_at=last,
        received_at=received_at,
        event_count=len(events),
        stored_bytes=len(content),
        has_snapshot=any(event.type == _SNAPSHOT for event in events),
        is_masked=sent.is_masked,
        storage_key=key,
        country=arrival.blank.country,
        device=arrival.blank.device,
        browser=arrival.blank.browser,
        os=arrival.blank.os,
        library_version=sent.library_version,
    )
    return Piece(chunk, content)


def _checked_events(sent: RecordingBody) -> list[RrwebEvent]:
    try:
        events = decode_body(_EVENTS, bytes(sent.events))
    except BadRequest as error:
        faults = (
            (loc.replace("body", "body.events", 1).replace(".[", "["), msg, fix)
            for loc, msg, fix in error.faults
        )
        raise BadRequest(*faults, code=error.given_code) from error
    if sent.sequence == 0 and not any(event.type == _SNAPSHOT for event in events):
        raise BadRequest(
            ("body.events", "the first chunk holds no snapshot", "Begin with rrweb's type 2.")
        )
    return events


def _check_times(began: int, first: int, last: int, received_at: int) -> None:
    """Refuse what is no stretch of time, or too old to be listed by its day."""
    if not began <= first <= last:
        fix = "Send recording_started_at <= started_at <= ended_at."
        raise BadRequest(("body.started_at", "the times are not in order", fix))
    if received_at - began > MAX_AGE_MS:
        hours = RULES.delivery.max_age_hours
        raise BadRequest(
            ("body.recording_started_at", f"more than {hours} h ago", "Send it sooner."),
            code=DropReason.TOO_OLD,
        )


def _without_query(url: str | None) -> str | None:
    return url and url.partition("#")[0].partition("?")[0]
