"""Events while they arrive, as server-sent events."""

from collections.abc import Collection
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request

from schemas.load import RULES
from serving.callers import caller_of
from serving.errors import query_error
from serving.live.event import LiveEvent
from serving.live.listener import Wanted
from serving.live.stream import MEDIA_TYPE, EventStream
from serving.parts import Parts, UseCaller, UseParts
from serving.query.schemas import Problem
from serving.routes.query import ERRORS
from serving.scope import Caller

_HINTS: Final = RULES.friction.hint_events
_NAME_LENGTH: Final = RULES.events.name_max_length
_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A stream: `data` of each event is a LiveEvent.",
        "content": {MEDIA_TYPE: {"schema": LiveEvent.model_json_schema()}},
    },
    429: {"model": Problem, "description": "Too many listen already."},
}
_AS_STREAM: Final[dict[str, Any]] = {"response_class": EventStream, "status_code": 200}
router = APIRouter(prefix="/api/v1", tags=["live"], responses={**ERRORS, **_STREAM})
_Name = Annotated[str, Query(max_length=_NAME_LENGTH)]
_Names = Annotated[
    list[_Name] | None, Query(max_length=20, description="Only events of these names.")
]
_Kinds = Annotated[
    list[_Name] | None, Query(max_length=20, description=f"Only these: {', '.join(_HINTS)}.")
]
_After = Annotated[
    str | None, Header(alias="Last-Event-ID", description="Go on after this event.", max_length=40)
]


@router.get("/sites/{site}/events/live", operation_id="live_events", **_AS_STREAM)
async def live_events(
    site: str,
    request: Request,
    parts: UseParts,
    caller: UseCaller,
    name: _Names = None,
    last_event_id: _After = None,
) -> EventStream:
    """Tell events of a site as they arrive, a second or so after the edge has taken them.

    Server-sent events: `data` is an event in the words of `analytics.events`, each told once and
    nothing decided yet. A comment comes when nothing else does. Whoever comes back with
    `Last-Event-ID` gets what came in between, if it was not long; an event `skipped` says that
    some were left out, because too long ago or too many: `analytics.events` has them all.
    """
    return await _stream(parts, request, caller, site, name, last_event_id)


@router.get("/sites/{site}/friction/live", operation_id="live_friction", **_AS_STREAM)
async def live_friction(
    site: str,
    request: Request,
    parts: UseParts,
    caller: UseCaller,
    kind: _Kinds = None,
    last_event_id: _After = None,
) -> EventStream:
    """Tell rage, dead and error clicks as the tracker reports them, for alerts.

    A stream like that of `events/live`. These are the tracker's hints, passed on unjudged;
    what counts is in `analytics.friction` half a minute later.
    """
    for place, one in enumerate(kind or ()):
        if one not in _HINTS:
            fix = f"Use {', '.join(_HINTS)}."
            raise query_error(("kind", place), f"{one!r} is no kind of friction hint.", fix)
    return await _stream(parts, request, caller, site, kind or _HINTS, last_event_id)


async def _stream(
    parts: Parts,
    request: Request,
    caller: Caller,
    site: str,
    names: Collection[str] | None,
    after: str | None,
) -> EventStream:
    scope = await parts.scope(caller, site)
    wanted = Wanted(names, without_bots=scope.exclude_bots)
    listener = await parts.feed.listen(scope.site_id, wanted, after)

    async def check() -> None:
        again = await caller_of(request, parts.store, parts.cookie)
        await parts.scope(again, site)

    def left() -> None:
        parts.feed.leave(scope.site_id, listener)

    return EventStream(listener, RULES.live, check, left)
