"""What the plain JSON routes share: a site of the header, people of the batch, their events."""

from collections.abc import Callable
from typing import Any

import msgspec

from ingest_edge.arrival import Arrival
from ingest_edge.custody import EVENTS, Edge, Outcome, Parsed, take
from ingest_edge.gate import admit, admit_page, key_text
from ingest_edge.http import Request
from ingest_edge.keys import Key
from ingest_edge.parsing import Unusable, epoch_ms, identity, refuse_body
from ingest_edge.plain_event import (
    Context,
    PlainEvent,
    Session,
    Visitor,
    event_of,
    read_context,
    read_event,
)
from ingest_edge.senders import Senders

# Refuses an event by raising Unusable, or lets it pass; may change it.
Check = Callable[[PlainEvent], None]


class PlainBatch(msgspec.Struct, kw_only=True):
    """The body: events, and what holds for all of them."""

    events: list[msgspec.Raw]
    session: Session | None = None
    visitor: Visitor | None = None
    context: msgspec.Raw = msgspec.Raw()
    key: str | None = None
    sent_at: Any = None


def header(edge: Edge, request: Request, name: str) -> str | None:
    """Return a header, by its own name or one of the older names of [edge.header_aliases]."""
    own = request.header(name.lower().encode())
    if own is not None:
        return own
    for alias, meant in edge.config.header_aliases.items():
        if meant.lower() == name.lower() and (value := request.header(alias.lower().encode())):
            return value
    return None


def admit_sender(edge: Edge, request: Request, site_header: str, in_body: str | None) -> Key:
    """Return the key: the one sent, or a page's right to write to its own site without one."""
    site_id = header(edge, request, site_header)
    text = key_text(request, in_body) or header(edge, request, "X-API-Key")
    if text is None and site_id is not None:
        return admit_page(edge, request, site_id, site_header)
    return admit(edge, request, text, site_id)


async def take_plain(
    edge: Edge, request: Request, key: Key, batch: PlainBatch, check: Check | None = None
) -> tuple[Outcome, list[Parsed]]:
    """Take the events of a batch; raises what `take` raises."""
    try:
        sent_at = epoch_ms(batch.sent_at, "sent_at")
        context, _ = read_context(batch.context)
        senders = Senders(edge, request, key, sent_at)
        reader = _Reader(request, batch, senders, context, check)
    except Unusable as error:
        raise refuse_body(error) from error
    parsed = [reader.parse(raw) for raw in batch.events]
    return await take(edge, parsed, EVENTS, "events"), parsed


class _Reader:
    def __init__(
        self,
        request: Request,
        batch: PlainBatch,
        senders: Senders,
        context: Context,
        check: Check | None,
    ) -> None:
        self._senders = senders
        self._context = context
        self._check = check
        visitor, session = batch.visitor or Visitor(), batch.session or Session()
        named = request.header(b"x-visitor-id")
        self._visitor_id = identity(visitor.id, "visitor.id") or identity(named, "X-Visitor-ID")
        self._user_id = identity(visitor.user_id, "visitor.user_id")
        self._session_id = identity(session.id, "session.id")
        self._is_new = visitor.is_new if isinstance(visitor.is_new, bool) else None

    def parse(self, raw: msgspec.Raw) -> Parsed:
        """Return one event, or the refusal it ends with."""
        arrival, mask = self._senders.arrival()
        try:
            sent, left = read_event(raw)
            if self._check is not None:
                self._check(sent)
            context = self._context
            if sent.context:
                context, more = read_context(sent.context)
                left |= {"context": msgspec.Raw(msgspec.json.encode(more))} if more else {}
            agent = context.device.ua if context.device else None
            arrival, mask = self._senders.arrival(context.ip, agent)
            self._put_batch(arrival)
            return Parsed(raw, event_of(sent, context, left, arrival), arrival, mask)
        except Unusable as error:
            return Parsed(raw, error.refusal, arrival, mask)

    def _put_batch(self, arrival: Arrival) -> None:
        blank = arrival.blank
        blank.visitor_id, blank.user_id = self._visitor_id, self._user_id
        blank.client_session_id, blank.is_new_visitor_hint = self._session_id, self._is_new
