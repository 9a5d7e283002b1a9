"""Sessions and minutes as the events on time make them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from hashlib import sha256
from typing import Final

from schemas.load import RULES
from tests.agreement.expected import by_visitor, on_time, typed
from tests.agreement.scenes import Row

_GAP_MS: Final = RULES.sessions.gap_minutes * 60_000
_MINUTE_MS: Final = RULES.minutes.minute_seconds * 1000
_FIRST_TOUCH: Final = (
    "referrer", "referrer_host", "source", "medium", "campaign", "channel",
    "country", "region", "city", "device", "browser", "os", "is_bot",
)  # fmt: skip


def session_rows(copies: Iterable[Row]) -> list[Row]:
    """Return the rows of `sessions_closed`."""
    return [typed("session", _session(events)) for events in _sessions(copies)]


def _sessions(copies: Iterable[Row]) -> Iterator[list[Row]]:
    senders = RULES.sessions.session_senders
    by_people = [row for row in on_time(copies) if row["sender"] in senders]
    for events in by_visitor(by_people).values():
        begins = 0
        for number in range(1, len(events) + 1):
            if number == len(events) or _is_apart(events[number - 1], events[number]):
                yield events[begins:number]
                begins = number


def _is_apart(before: Row, after: Row) -> bool:
    return bool(after["event_at"] - before["event_at"] > _GAP_MS)


def _session(events: list[Row]) -> Row:
    first, last = events[0], events[-1]
    views = [row for row in events if row["event_name"] == "page_view"]
    touch = ([row for row in events if row["source"] != "(direct)"] or [first])[-1]
    users = [row["user_id"] for row in events if row["user_id"] is not None]
    depths = [row["scroll_percent"] for row in events if row.get("scroll_percent") is not None]
    engaged_ms = sum(row.get("engaged_ms") or 0 for row in events)
    identity = f"{first['site_id']}|{first['visitor_id']}|{first['event_at']}"
    return {
        **{name: first[name] for name in ("site_id", "visitor_id", *_FIRST_TOUCH)},
        **{f"last_{name}": touch[name] for name in ("source", "medium", "campaign", "channel")},
        "session_id": sha256(identity.encode()).hexdigest()[:32],
        "user_id": users[-1] if users else None,
        "started_at": first["event_at"],
        "ended_at": last["event_at"],
        "started_date": first["event_date"],
        "duration_ms": last["event_at"] - first["event_at"],
        "event_count": len(events),
        "page_view_count": len(views),
        "conversion_count": sum(row["is_conversion"] for row in events),
        "revenue_usd_amount": _money(events),
        "engaged_ms": engaged_ms,
        "max_scroll_percent": max(depths, default=None),
        "entry_page": views[0]["page_path"] if views else None,
        "exit_page": views[-1]["page_path"] if views else None,
        "page_host": views[0]["page_host"] if views else None,
        "is_bounce": len(views) == RULES.sessions.bounce_page_views
        and not any(row["is_interactive"] for row in events)
        and engaged_ms < RULES.sessions.bounce_engaged_ms,
        "is_new_visitor": any(row["is_new_visitor_hint"] for row in events),
    }


def _money(events: Iterable[Row]) -> Decimal:
    return sum((Decimal(row.get("revenue_usd_amount") or 0) for row in events), Decimal(0))


def minute_rows(copies: list[Row]) -> list[Row]:
    """Return the final rows of `minute_stats`."""
    minutes: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in on_time(copies):
        if row["sender"] != "webhook":
            minutes[row["site_id"], row["event_at"] // _MINUTE_MS].append(row)
    begun: dict[tuple[str, int], int] = defaultdict(int)
    for events in _sessions(copies):
        begun[events[0]["site_id"], events[0]["event_at"] // _MINUTE_MS] += 1
    return [
        typed("minute_stats", _minute(site_id, number, rows, begun[site_id, number]))
        for (site_id, number), rows in minutes.items()
    ]


def _minute(site_id: str, number: int, rows: list[Row], session_count: int) -> Row:
    people = [row["visitor_id"] for row in rows if row["sender"] in RULES.sessions.session_senders]
    return {
        "site_id": site_id,
        "minute_at": number * _MINUTE_MS,
        "local_date": min(row["event_date"] for row in rows),
        "counted_until_at": (number + 1) * _MINUTE_MS,
        "is_final": True,
        "event_count": len(rows),
        "page_view_count": sum(row["event_name"] == "page_view" for row in rows),
        "visitor_count": len({visitor for visitor in people if visitor is not None}),
        "session_count": session_count,
        "conversion_count": sum(row["is_conversion"] for row in rows),
        "revenue_usd_amount": _money(rows),
    }
