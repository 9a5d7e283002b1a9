"""Rows of the lake's tables, made from a few columns: the others have plain values."""

import itertools
import json
import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from pipelines.lake.trino import Trino
from schemas.load import TOPICS

# A home may be used by several test runs: each has sites and a topic of its own.
RUN: Final = secrets.token_hex(3)
TOPIC_ID: Final = f"topic-{RUN}"
LATER: Final = datetime(2026, 11, 1, tzinfo=UTC)  # by then every day of the cases is closed
_OFFSETS: Final = itertools.count(1)
_PLAIN: Final[dict[str, Any]] = {
    "record_kind": "event",
    "event_name": "page_view",
    "sender": "browser",
    "page_path": "/",
    "page_host": "shop.example",
    "source": "(direct)",
    "medium": "(none)",
    "channel": "Direct",
    "device": "desktop",
    "is_conversion": False,
    "is_interactive": False,
    "bot_score": 0,
    "is_bot": False,
    "is_flood": False,
    "is_late": False,
    "topic_id": TOPIC_ID,
    "topic_partition": 0,
}
_PLAIN_SESSION: Final[dict[str, Any]] = {
    "event_count": 1,
    "page_view_count": 1,
    "conversion_count": 0,
    "revenue_usd_amount": 0,
    "engaged_ms": 0,
    "source": "(direct)",
    "medium": "(none)",
    "channel": "Direct",
    "last_source": "(direct)",
    "last_medium": "(none)",
    "last_channel": "Direct",
    "device": "desktop",
    "is_bounce": True,
    "is_new_visitor": True,
    "is_bot": False,
    "run_id": "20260301T000000",
    "emitted_at": datetime(2026, 3, 1, tzinfo=UTC),
}

_PLAIN_MINUTE: Final[dict[str, Any]] = {
    "is_final": True,
    "event_count": 1,
    "page_view_count": 1,
    "visitor_count": 1,
    "session_count": 1,
    "conversion_count": 0,
    "revenue_usd_amount": 0,
    "run_id": "20260301T000000",
    "emitted_at": datetime(2026, 3, 1, tzinfo=UTC),
}
_PLAIN_CELL: Final[dict[str, Any]] = {
    "page_host": "shop.example",
    "page_path": "/",
    "viewport_class": "desktop",
    "kind": "click",
    "cell_x_permille": 0,
    "cell_y_px": 0,
    "cell_width_permille": 20,
    "cell_height_px": 20,
    "point_count": 1,
    "run_id": "20260301T000000",
    "emitted_at": datetime(2026, 3, 1, tzinfo=UTC),
}
_PLAIN_CHUNK: Final[dict[str, Any]] = {
    "sequence": 0,
    "visitor_id": "v",
    "client_session_id": "s",
    "event_count": 1,
    "stored_bytes": 1,
    "has_snapshot": True,
    "is_masked": True,
    "device": "desktop",
    "topic_id": TOPIC_ID,
    "topic_partition": 0,
}
_PLAIN_FRICTION: Final[dict[str, Any]] = {
    "kind": "rage_click",
    "visitor_id": "v",
    "target": "button#buy",
    "click_count": 3,
    "device": "desktop",
    "is_bot": False,
    "run_id": "20260301T000000",
}

_PLAIN_IDENTITY: Final[dict[str, Any]] = {
    "kind": "identify",
    "sender": "browser",
    "is_bot": False,
    "is_flood": False,
    "topic_id": TOPIC_ID,
    "topic_partition": 0,
}
_PLAIN_FACT: Final[dict[str, Any]] = {
    "run_id": "r",
    "vendor": "stripe",
    "kind": "subscription_change",
    "fact_step": 1,
    "customer_id": "c",
    "currency": "USD",
}


def event(**columns: Any) -> dict[str, Any]:
    """Return a row of web.events; it is appended after all rows made before.

    `event_at` is needed. Without `event_id` it gets one of its own.
    """
    offset, at = next(_OFFSETS), columns["event_at"]
    own = {
        "event_id": f"e{offset}",
        "topic_offset": offset,
        "received_at": at,
        "appended_at": at,
        "event_date": at.date(),
    }
    return {**_PLAIN, **own, **columns}


def webhook(vendor: str, body: dict[str, Any], **columns: Any) -> dict[str, Any]:
    """Return a row of web.events that is a payment webhook; `event_id`, `event_at` are needed.

    The body gets id and time as the vendor writes them.
    """
    event_id, at = columns["event_id"], columns["event_at"]
    own = {
        "stripe": {"id": event_id, "created": int(at.timestamp())},
        "paddle": {"event_id": event_id, "occurred_at": at.isoformat()},
    }[vendor]
    plain = {"event_name": "webhook_received", "sender": "webhook", "visitor_id": None}
    told = {"library_name": vendor, "properties": json.dumps({**own, **body})}
    return event(**plain, **told, **columns)


def live_session(**columns: Any) -> dict[str, Any]:
    """Return a row of web.sessions_closed; `started_at`, `ended_at` and ids are needed."""
    at = columns["started_at"]
    own = {
        "started_date": at.date(),
        "duration_ms": int((columns["ended_at"] - at).total_seconds() * 1000),
    }
    return {**_PLAIN_SESSION, **own, **columns}


def open_session(**columns: Any) -> dict[str, Any]:
    """Return a row of web.session_progress, made when its last event was counted unless said."""
    return {"counted_until_at": columns["ended_at"], **live_session(**columns)}


def minute(**columns: Any) -> dict[str, Any]:
    """Return a row of web.minute_stats; `minute_at` is needed, and it is final unless said."""
    at = columns["minute_at"]
    own = {"local_date": at.date(), "counted_until_at": at + timedelta(minutes=1)}
    return {**_PLAIN_MINUTE, **own, **columns}


def cell(**columns: Any) -> dict[str, Any]:
    """Return a row of web.heatmap_cells; `hour_at` is needed, all of it is counted unless said."""
    at = columns["hour_at"]
    own = {"local_date": at.date(), "counted_until_at": at + timedelta(hours=1)}
    return {**_PLAIN_CELL, **own, **columns}


def chunk(site_id: str, recording_id: str, at: datetime) -> dict[str, Any]:
    """Return a row of web.recording_chunks: all of a recording that is one moment long."""
    own = {"site_id": site_id, "recording_id": recording_id, "storage_key": recording_id}
    times = ("recording_started_at", "started_at", "ended_at", "received_at", "appended_at")
    return {**_PLAIN_CHUNK, **own, **dict.fromkeys(times, at), "topic_offset": next(_OFFSETS)}


def live_friction(**columns: Any) -> dict[str, Any]:
    """Return a row of web.friction_live; `event_at`, `event_id` and ids are needed."""
    at = columns["event_at"]
    own = {"last_at": at, "started_date": at.date(), "emitted_at": at}
    return {**_PLAIN_FRICTION, **own, **columns}


def identity(**columns: Any) -> dict[str, Any]:
    """Return a row of web.identities; `event_at` and ids are needed."""
    offset, at = next(_OFFSETS), columns["event_at"]
    own = {"event_id": f"e{offset}", "topic_offset": offset}
    own |= {"event_date": at.date(), "appended_at": at}
    return {**_PLAIN_IDENTITY, **own, **columns}


def fact(**columns: Any) -> dict[str, Any]:
    """Return a row of web.revenue_events of run `r`; `occurred_at` is needed.

    A subscription change is of subscription `s` unless said. Amounts in US dollars are those in
    USD unless said.
    """
    fact_id = columns.get("fact_id", f"f{next(_OFFSETS)}")
    own = {"fact_id": fact_id, "event_id": fact_id, "local_date": columns["occurred_at"].date()}
    made = {**_PLAIN_FACT, **own, **columns}
    if made["kind"] == "subscription_change":
        made.setdefault("subscription_id", "s")
    if made["currency"] == "USD":
        for name in ("revenue", "mrr"):
            made.setdefault(f"{name}_usd_amount", made.get(f"{name}_amount"))
    return made


def day_run(site_id: str, day: date, run_id: str = "r") -> dict[str, Any]:
    """Return a row of web.day_runs: this run counts for the day, which is closed."""
    own = {"site_id": site_id, "local_date": day, "run_id": run_id, "committed_at": LATER}
    return {**own, "offsets": "{}", "reason": "test", "is_open": False}


def day_of_events(**columns: Any) -> dict[str, Any]:
    """Return a row of web.daily_event of run `r`: 100 events unless said."""
    others = ("late", "bot", "flood", "surplus")
    none = dict.fromkeys((f"{name}_event_count" for name in others), 0)
    plain = {"run_id": "r", "event_name": "page_view", "event_count": 100, "visitor_count": 1}
    return {**plain, **none, **columns}


def day_of_property(**columns: Any) -> dict[str, Any]:
    """Return a row of web.daily_property of run `r`: on 100 events unless said."""
    plain = {"run_id": "r", "event_name": "page_view", "is_column": False, "event_count": 100}
    return {**plain, **columns}


def insert(trino: Trino, table: str, rows: Iterable[dict[str, Any]]) -> None:
    """Append rows to a table of schema `web`, a few hundred values a statement."""
    rows = list(rows)
    names = sorted({name for row in rows for name in row})
    places = "(" + ", ".join("?" for _ in names) + ")"
    for some in _batches(rows, 60):
        trino.write(
            f"INSERT INTO lake.web.{table} ({', '.join(names)})"
            f" VALUES {', '.join(places for _ in some)}",
            [row.get(name) for row in some for name in names],
        )


def add_site(trino: Trino, site_id: str, zone: str = "UTC") -> None:
    """Mirror a site as orchestration would."""
    site = {
        "site_id": site_id,
        "name": site_id,
        "timezone": zone,
        "allowed_hosts": "",
        "exclude_bots": False,
        "is_deleted": False,
        "mirrored_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    insert(trino, "sites", [site])


def add_watermark(trino: Trino, at: datetime = LATER) -> None:
    """Say that collect_events has passed this time in every partition."""
    insert(
        trino,
        "stream_progress",
        (
            {
                "topic_id": TOPIC_ID,
                "topic_name": "events",
                "topic_partition": partition,
                "topic_offset": 0,
                "appended_at": at,
                "emitted_at": at,
            }
            for partition in range(TOPICS["events"].partitions)
        ),
    )


def _batches(rows: list[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
