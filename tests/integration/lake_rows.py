"""Puts made-up sessions and their events straight into the lake, and keeps them for comparison.

For tests of answers: every property is known, no job has to run first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from schemas.load import RECORDS
from schemas.loaders.records import Record
from schemas.session_id import session_id
from tests.integration.stack import Stack

Row = dict[str, Any]
_PLACES = [("google", "organic", "Organic Search"), ("direct", "none", "Direct"),
           ("news.example", "referral", "Referral")]  # fmt: skip


@dataclass(frozen=True)
class Seed:
    """What lies in the lake for one site; sessions know their events."""

    site_id: str
    events: list[Row]
    sessions: list[Row]


def make(site_id: str, zone: str, days: list[date], count: int, rng: Random) -> Seed:
    """Make sessions that never overlap, spread over local days, with all their events."""
    seed = Seed(site_id, [], [])
    people = max(1, count // 3)
    for number in range(count):
        visit, person = divmod(number, people)
        local = datetime.combine(rng.choice(days), datetime.min.time(), tzinfo=ZoneInfo(zone))
        # Each visit of a person has 6 of every day's hours to itself: none can overlap.
        start = local.astimezone(UTC) + timedelta(hours=6 * visit, seconds=rng.randrange(4 * 3_600))
        _add_session(seed, f"v{person}", start, zone, rng)
    return seed


def _add_session(seed: Seed, visitor: str, start: datetime, zone: str, rng: Random) -> None:
    events = _events(seed, visitor, start, zone, rng)
    views = [event for event in events if event["event_name"] == "page_view"]
    first, last = events[0], events[-1]
    source, medium, channel = rng.choice(_PLACES)
    length = (last["event_at"] - start) // timedelta(milliseconds=1)
    session = {name: first[name] for name in ("site_id", "visitor_id", "country", "is_bot")}
    session |= {
        "session_id": session_id(seed.site_id, visitor, int(start.timestamp() * 1000)),
        "started_at": start, "ended_at": last["event_at"], "started_date": first["event_date"],
        "duration_ms": length, "event_count": len(events), "page_view_count": len(views),
        "conversion_count": sum(event["is_conversion"] for event in events),
        "revenue_usd_amount": sum(e["revenue_usd_amount"] or Decimal(0) for e in events),
        "engaged_ms": 0, "entry_page": views[0]["page_path"] if views else None,
        "exit_page": views[-1]["page_path"] if views else None, "source": source, "medium": medium,
        "channel": channel, "last_source": source, "last_medium": medium, "last_channel": channel,
        "device": "desktop", "browser": rng.choice(["Firefox", "Chrome", None]), "os": "Linux",
        "is_bounce": len(events) == 1, "is_new_visitor": True, "run_id": "seed",
        "emitted_at": last["event_at"],
    }  # fmt: skip
    seed.sessions.append(session)
    seed.events.extend(events)


def _events(seed: Seed, visitor: str, start: datetime, zone: str, rng: Random) -> list[Row]:
    country, is_bot, at, made = rng.choice(["DE", "FR", None]), rng.random() < 0.1, start, []
    for number in range(rng.randint(1, 5)):
        converts = rng.random() < 0.1
        made.append(
            {
                "record_kind": "event",
                "site_id": seed.site_id,
                "sender": "browser",
                "event_id": f"{visitor}-{number}-{len(seed.events)}",
                "visitor_id": visitor,
                "event_name": rng.choice(["page_view", "page_view", "sign_up"]),
                "page_path": rng.choice(["/", "/pricing", "/it's", None]),
                "received_at": at,
                "event_at": at,
                "appended_at": at,
                "event_date": at.astimezone(ZoneInfo(zone)).date(),
                "country": country,
                "source": "of the event",
                "medium": "m",
                "channel": "c",
                "device": "desktop",
                "is_conversion": converts,
                "is_interactive": False,
                "bot_score": 0,
                "is_bot": is_bot,
                "revenue_usd_amount": Decimal(rng.randrange(1, 99_999)) / 100 if converts else None,
                "is_flood": False,
                "is_late": False,
                "topic_id": f"seed-{seed.site_id}",
                "topic_partition": 0,
                "topic_offset": len(seed.events) + number,
            }  # fmt: skip
        )
        at += timedelta(milliseconds=rng.randrange(1, 600_000))
    return made


def put(stack: Stack, seed: Seed) -> None:
    """Append the rows to the tables that the streams write."""
    put_events(stack, seed)
    _insert(stack, "sessions_closed", RECORDS["session"], seed.sessions)


def put_events(stack: Stack, seed: Seed) -> None:
    """Append the events alone: of a visit that still runs."""
    _insert(stack, "events", RECORDS["event_row"], seed.events)


def _insert(stack: Stack, table: str, record: Record, rows: list[Row]) -> None:
    names = [field.name for field in record.fields]
    for start in range(0, len(rows), 400):
        values = ", ".join(_tuple(row, names) for row in rows[start : start + 400])
        stack.sql(f"INSERT INTO lake.web.{table} ({', '.join(names)}) VALUES {values}")


def _tuple(row: Row, names: Iterable[str]) -> str:
    return f"({', '.join(literal(row.get(name)) for name in names)})"


def literal(value: Any) -> str:
    """Write a value as Trino reads it."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f} UTC'"
    if isinstance(value, date):
        return f"DATE '{value}'"
    if isinstance(value, Decimal):
        return f"DECIMAL '{value:.4f}'"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"
