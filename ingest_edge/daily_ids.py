"""Visitor ids that need nothing on the visitor's device and mean nothing after two days."""

import hashlib
from collections.abc import Mapping
from typing import Final

# Tells people and queries that the same person has another id tomorrow.
PREFIX: Final = "daily-"
_ID_BYTES: Final = 16
_MAX_VISITORS: Final = 200_000


class LastSeen:
    """When each id was last seen, for as long as it matters: one gap. Times in epoch ms.

    Bounded: with more than `max_visitors` within a gap those seen longest ago are forgotten,
    who then get a new id at midnight.
    """

    def __init__(self, gap_ms: int, max_visitors: int = _MAX_VISITORS) -> None:
        self._gap_ms = gap_ms
        self._max = max_visitors
        self._recent: dict[str, int] = {}
        self._older: dict[str, int] = {}
        self._turns_at = 0

    def add(self, visitor_id: str, at_ms: int) -> None:
        """Note that the visitor was active."""
        if at_ms >= self._turns_at or len(self._recent) >= self._max:
            self._recent, self._older = {}, self._recent
            self._turns_at = at_ms + self._gap_ms
        before = self._recent.get(visitor_id) or self._older.get(visitor_id, 0)
        self._recent[visitor_id] = max(before, at_ms)

    def is_within_gap(self, visitor_id: str, at_ms: int) -> bool:
        """Tell whether an event at that time continues what the visitor did."""
        before = self._recent.get(visitor_id) or self._older.get(visitor_id)
        return before is not None and at_ms - before <= self._gap_ms


class DailyIds:
    """The ids of one client at one site, one for each day whose salt lives.

    Holds digests only: neither the client's address nor a salt can be had from it.
    """

    __slots__ = ("_ids", "_seen")

    def __init__(
        self, site_id: str, client: bytes, salts: Mapping[str, bytes], seen: LastSeen
    ) -> None:
        self._ids = {day: _digest(salt, site_id, client) for day, salt in sorted(salts.items())}
        self._seen = seen

    def at(self, event_date: str, at_ms: int) -> str | None:
        """Return the id for an event; None if the salt of its day is destroyed.

        The id of an earlier day goes on as long as there is no gap: no session is cut at midnight.
        """
        own = self._ids.get(event_date)
        if own is None:
            return None
        earlier = (old for day, old in self._ids.items() if day < event_date)
        kept = next((old for old in earlier if self._seen.is_within_gap(old, at_ms)), own)
        self._seen.add(kept, at_ms)
        return kept


def client_bytes(network: bytes | None, user_agent: str | None) -> bytes:
    """Return what tells one client from another: where it is and what it calls itself."""
    return (network or b"") + b"\0" + (user_agent or "").encode("utf-8", "surrogatepass")


def _digest(salt: bytes, site_id: str, client: bytes) -> str:
    """Return the id: keyed BLAKE2 of site and client, 128 bits."""
    hashed = hashlib.blake2b(site_id.encode() + b"\0" + client, key=salt, digest_size=_ID_BYTES)
    return PREFIX + hashed.hexdigest()
