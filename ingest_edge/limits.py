"""Count requests of keys and client addresses: a bucket each, refilled evenly over a minute.

A bucket is one number, the moment at which it is full again (the generic cell rate algorithm),
so one not asked for a minute is full and need not be remembered: two dicts change places every
minute, and the older one is forgotten.
"""

import hashlib
import secrets
from collections.abc import Callable
from time import monotonic
from typing import Final, NoReturn

from ingest_edge.address import is_local, is_public, network_of
from ingest_edge.errors import TooManyRequests
from ingest_edge.metrics import Metrics
from schemas.load import RULES

_MINUTE: Final = 60.0
_PER_ADDRESS: Final = RULES.limits.address_requests_per_minute
_MAX_BUCKETS: Final = RULES.limits.max_buckets


class Buckets:
    """Buckets by name; each holds a minute's worth of requests. Times in seconds.

    When more than `max_buckets` are asked for within a minute, those asked for longest ago are
    forgotten, that is full again: memory has a bound, and no honest sender is refused for it.
    """

    def __init__(self, max_buckets: int = _MAX_BUCKETS) -> None:
        self._max = max_buckets
        self._recent: dict[bytes, float] = {}
        self._older: dict[bytes, float] = {}
        self._turns_at = 0.0

    def take(self, name: bytes, per_minute: int, now: float) -> float:
        """Take one request; return 0.0, or the seconds until there is one to take."""
        if now >= self._turns_at or len(self._recent) >= self._max:
            self._recent, self._older = {}, self._recent
            self._turns_at = now + _MINUTE
        full_at = self._recent.get(name) or self._older.get(name, 0.0)
        full_at = (full_at if full_at > now else now) + _MINUTE / per_minute
        if full_at > now + _MINUTE:
            return full_at - now - _MINUTE
        self._recent[name] = full_at
        return 0.0

    def __len__(self) -> int:
        return len(self._recent) + len(self._older)


class Limits:
    """The limits of one edge process: in memory, so several edges each allow as much."""

    def __init__(
        self,
        metrics: Metrics,
        clock: Callable[[], float] = monotonic,
        per_address: int = _PER_ADDRESS,
    ) -> None:
        self._metrics = metrics
        self._clock = clock
        self._per_address = per_address
        self._keys = Buckets()
        self._addresses = Buckets()
        # An address is only ever the name of a bucket, hashed with what this process alone knows.
        self._hash = hashlib.blake2b(key=secrets.token_bytes(32), digest_size=12)

    def count_key(self, key_hash: bytes, per_minute: int) -> None:
        """Count a request of a key; raises TooManyRequests."""
        wait = self._keys.take(key_hash, per_minute, self._clock())
        if wait:
            self._refuse("key", per_minute, wait)

    def count_address(self, address: str | None) -> None:
        """Count a request of a client; raises TooManyRequests.

        Private addresses are let pass: behind one stands a proxy that is not listed, a test or
        the site's own network, in any case not one sender on the internet.
        """
        network = None if address is None or is_local(address) else network_of(address)
        if network is None:
            return
        name = self._hash.copy()
        name.update(network)
        wait = self._addresses.take(name.digest(), self._per_address, self._clock())
        if wait and is_public(address):
            self._refuse("address", self._per_address, wait)

    def _refuse(self, policy: str, per_minute: int, wait: float) -> NoReturn:
        self._metrics.add("headwater_edge_requests_limited_total", policy)
        raise TooManyRequests(policy, per_minute, wait)
