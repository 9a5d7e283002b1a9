"""Keep the salts of cookieless visitor ids: made in Postgres ahead, in memory only, destroyed."""

import logging
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import psycopg

from ingest_edge.daily_ids import DailyIds, LastSeen
from ingest_edge.errors import NotDurable
from pipelines.enrich.local_date import local_date
from schemas.load import RULES

_LOG: Final = logging.getLogger(__name__)
_DAY: Final = timedelta(days=1)
_AHEAD: Final = timedelta(days=RULES.privacy.salt_ahead_days)
_KEPT: Final = timedelta(hours=RULES.privacy.salt_kept_hours)
_SALT_BYTES: Final = 32
_GAP_MS: Final = RULES.sessions.gap_minutes * 60_000
_READ: Final = "SELECT zone, local_date, salt FROM visitor_salts WHERE zone = ANY(%s)"
_ADD: Final = """
    INSERT INTO visitor_salts (zone, local_date, salt, expires_at) VALUES (%s, %s, %s, %s)
    ON CONFLICT DO NOTHING"""
_DESTROY: Final = "DELETE FROM visitor_salts WHERE expires_at <= %s"
# A deleted row stays in the file until it is written anew.
_REWRITE: Final = "VACUUM FULL visitor_salts"

Connection = psycopg.Connection[Any]


class Day(NamedTuple):
    """A local date in a zone."""

    zone: str
    local_date: date


class _Salt(NamedTuple):
    event_date: str
    salt: bytes
    ends_at_ms: int


class Salts:
    """The salts known to one edge; there is no file of them.

    `follow` runs in the thread that follows Postgres, `ids_of` in the one that serves.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._known: Mapping[Day, bytes] = {}
        self._by_zone: Mapping[str, list[_Salt]] = {}
        self._seen = LastSeen(_GAP_MS)

    def ids_of(self, site_id: str, zone: str, client: bytes) -> DailyIds:
        """Return the ids of a client on the days whose salt lives; NotDurable if none is known."""
        now = self._now()
        salts = self._by_zone.get(zone, ())
        found = {one.event_date: one.salt for one in salts if one.ends_at_ms > now}
        today = local_date(now, zone)
        if today not in found:
            fix = "Send the same batch again: Postgres is away or the site was just changed."
            raise NotDurable(("visitor_id", "the salt of today is not known yet", fix))
        return DailyIds(site_id, client, found, self._seen)

    def follow(self, connection: Connection, zones: Iterable[str]) -> None:
        """Make what is missing, take what is there, destroy what is over."""
        now = datetime.fromtimestamp(self._now() / 1000, UTC)
        wanted = {day for zone in zones for day in living_days(zone, now)}
        stored = _read(connection, wanted)
        if missing := wanted - stored.keys():
            for day in missing:
                # After a crash of Postgres what this edge still holds; else a new one. Another
                # edge may be faster: the first one counts.
                salt = self._known.get(day) or secrets.token_bytes(_SALT_BYTES)
                connection.execute(_ADD, [day.zone, day.local_date, salt, ends_at(day)])
            stored = _read(connection, wanted)
        self._take({day: salt for day, salt in stored.items() if day in wanted})
        if connection.execute(_DESTROY, [now]).rowcount:
            connection.execute(_REWRITE)
            _LOG.info("salts: those whose time is over are destroyed")

    def _take(self, known: Mapping[Day, bytes]) -> None:
        if known == self._known:
            return
        by_zone: dict[str, list[_Salt]] = {}
        for day, salt in sorted(known.items()):
            ends_at_ms = round(ends_at(day).timestamp() * 1000)
            one = _Salt(day.local_date.isoformat(), salt, ends_at_ms)
            by_zone.setdefault(day.zone, []).append(one)
        self._known, self._by_zone = known, by_zone


def living_days(zone: str, now: datetime) -> set[Day]:
    """Return the days whose salt lives: from those not over for long to those ahead."""
    today = now.astimezone(ZoneInfo(zone)).date()
    first = today - _KEPT - _DAY
    days = {Day(zone, first + _DAY * number) for number in range((today + _AHEAD - first).days + 1)}
    return {day for day in days if ends_at(day) > now}


def ends_at(day: Day) -> datetime:
    """Return the moment at which the day's salt is destroyed."""
    zone = ZoneInfo(day.zone)
    midnight = datetime.combine(day.local_date + _DAY, datetime.min.time(), zone)
    return midnight.astimezone(UTC) + _KEPT


def _read(connection: Connection, wanted: Iterable[Day]) -> dict[Day, bytes]:
    zones = sorted({day.zone for day in wanted})
    rows = connection.execute(_READ, [zones]).fetchall() if zones else []
    return {Day(row["zone"], row["local_date"]): bytes(row["salt"]) for row in rows}
