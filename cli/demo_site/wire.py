"""Turn what demo visitors do into events of Segment's wire format."""

from datetime import datetime
from typing import Any, Final

from cli.demo_site.people import Visitor
from cli.demo_site.visits import Action, Visit
from cli.importing.events import iso

_LIBRARY: Final = {"name": "headwater-demo"}


def events_of(visit: Visit, prefix: str) -> list[dict[str, Any]]:
    """Return all events of a visit; their ids begin with `prefix` and never change."""
    begun_ms = int(visit.actions[0].happened_at.timestamp() * 1000)
    base = f"{prefix}{visit.visitor.visitor_id}-{begun_ms}"
    return [
        event_of(visit, action, f"{base}-{number}") for number, action in enumerate(visit.actions)
    ]


def event_of(
    visit: Visit, action: Action, event_id: str, happened_at: datetime | None = None
) -> dict[str, Any]:
    """Return one event; `happened_at` takes the place of the action's own time."""
    is_view = action.name == "page_view"
    page = _page(action)
    return {
        "type": "page" if is_view else "track",
        "event": action.name,
        "messageId": event_id,
        "anonymousId": visit.visitor.visitor_id,
        "timestamp": iso(happened_at or action.happened_at),
        "properties": {**_place_in_visit(visit, action), **action.properties},
        "context": {**_client(visit.visitor), "page": page},
    }


def browser_headers(visitor: Visitor, host: str) -> dict[str, str]:
    """Return what a browser at the visitor's address would send, through a local proxy."""
    return {
        "User-Agent": visitor.agent.user_agent,
        "Accept-Language": visitor.place.language,
        "X-Forwarded-For": visitor.address,
        "Origin": f"https://{host}",
    }


def _place_in_visit(visit: Visit, action: Action) -> dict[str, Any]:
    """Return what the tracker counts: the page view and the place of the event in it."""
    begun_ms = int(visit.actions[0].happened_at.timestamp() * 1000)
    view = f"{visit.visitor.visitor_id}-{begun_ms}-{action.page_view}"
    return {"page_view_id": view, "seq": action.seq}


def _page(action: Action) -> dict[str, str]:
    return {
        "url": action.page.url,
        "path": action.page.path,
        "search": action.page.search,
        "title": action.page.title,
        "referrer": action.referrer or "",
    }


def _client(visitor: Visitor) -> dict[str, Any]:
    width, height = visitor.agent.screen
    return {
        "ip": visitor.address,
        "userAgent": visitor.agent.user_agent,
        "locale": visitor.place.language,
        "timezone": visitor.place.timezone,
        "screen": {"width": width, "height": height},
        "library": _LIBRARY,
    }
