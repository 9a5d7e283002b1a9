"""Every address that takes events, a line each; another dialect is one file and one line."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import msgspec

from ingest_edge.custody import Edge
from ingest_edge.http import Answer, Reply, Request
from ingest_edge.plain_batch import PlainBatch
from ingest_edge.plain_event import PlainEvent
from ingest_edge.recordings import RecordingBody, RrwebEvent
from ingest_edge.routes import (
    beacon,
    collect,
    funnel,
    own,
    posthog,
    replay,
    segment,
    webhooks,
)
from ingest_edge.segment_wire import Batch, Message
from ingest_edge.tracker_wire import TrackerBatch, TrackerEvent
from ingest_edge.webhooks import Facts
from schemas.load import RULES

# Takes the edge, the request and the names in its path, in order.
Handler = Callable[..., Awaitable[Answer]]
# Tells whether it has taken the request: then the reply comes when all is durable.
AtOnce = Callable[[Edge, Request, Reply], bool]


@dataclass(frozen=True)
class Route:
    """One address for POST. `{name}` in the path stands for one part of it.

    `body` is what the body must be; where it keeps its events unread, they stand in its list
    `events_in` and each must be an `event`. `max_bytes` bounds what is sent.
    """

    path: str
    handler: Handler
    summary: str
    body: type[msgspec.Struct]
    events_in: str | None = None
    event: type[msgspec.Struct] | None = None
    max_bytes: int = RULES.delivery.max_batch_bytes


ROUTES: Final[tuple[Route, ...]] = (
    Route("/e", own.post_tracker_batch, "The tracker's batch, named as the columns are.",
          TrackerBatch, "events", TrackerEvent),
    Route("/e/replay", replay.post_recording, "A piece of a session recording, gzipped or not.",
          RecordingBody, "events", RrwebEvent, RULES.recordings.chunk_max_bytes),
    *(
        Route(f"/v1/{name}", segment.post_batch, "Segment's batch.", Batch, "batch", Message)
        for name in ("batch", "b")
    ),
    *(
        Route(f"/v1/{name}", partial(segment.post_call, call=call), f"Segment's call {call}.",
              Message)
        for call in segment.CALLS
        # Segment's script for browsers names a call by its first letter.
        for name in (call, call[0])
    ),
    Route("/sites/{site_id}/events", segment.post_site_events,
          "Segment's batch for the site of the path.", Batch, "batch", Message),
    Route("/api/collect", collect.post_collect, "A site's events, without a key from its hosts.",
          PlainBatch, "events", PlainEvent),
    Route("/api/collect/heatmap", collect.post_heatmap, "Clicks, moves and depths of a heatmap.",
          PlainBatch, "events", PlainEvent),
    Route("/api/track/events", funnel.post_events, "Events with a key and a funnel (= site).",
          funnel.FunnelBatch, "events", PlainEvent),
    Route("/webhooks/{vendor}/{site_id}", webhooks.post_webhook, "A vendor's payment webhook.",
          Facts),
    *(
        Route(path, posthog.post_events, "PostHog's capture.", posthog.Body, "batch",
              posthog.EventSent)
        # TRICKY: with the slash `/e/` is PostHog's, without it the tracker's.
        for path in ("/batch", "/capture", "/e/", "/i/v0/e")
    ),
)  # fmt: skip

_PLAIN: Final = {route.path: route.handler for route in ROUTES if "{" not in route.path}
_MAX_BYTES: Final = {
    route.path: route.max_bytes
    for route in ROUTES
    if route.max_bytes != RULES.delivery.max_batch_bytes
}
_NAMED: Final = [(route.path.split("/"), route.handler) for route in ROUTES if "{" in route.path]

# What may answer at once what usually comes to an address, before its route is asked.
AT_ONCE: Final[dict[str, AtOnce]] = {"/e": beacon.take_usual_batch}


def handler_of(path: str) -> Handler | None:
    """Return what takes a POST to that path, its names filled in; None if nothing does.

    A slash at the end makes no difference, unless an address of its own ends in one.
    """
    found = _PLAIN.get(path) or _PLAIN.get(path.rstrip("/"))
    if found is not None:
        return found
    parts = path.rstrip("/").split("/")
    for wanted, handler in _NAMED:
        if len(wanted) == len(parts) and all(
            _fits(*pair) for pair in zip(wanted, parts, strict=True)
        ):
            names = [part for part, want in zip(parts, wanted, strict=True) if want[:1] == "{"]
            return _with_names(handler, names)
    return None


def max_bytes_of(path: str) -> int:
    """Return how large a body to that path may be as it is sent."""
    return _MAX_BYTES.get(path.rstrip("/"), RULES.delivery.max_batch_bytes)


def _fits(wanted: str, part: str) -> bool:
    return wanted == part or wanted[:1] == "{"


def _with_names(handler: Handler, names: list[str]) -> Handler:
    return lambda edge, request: handler(edge, request, *names)
