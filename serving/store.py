"""The control plane as the API asks it: in threads, remembered for seconds, outliving Postgres."""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import psycopg
import psycopg_pool

from serving.cache import Cache
from serving.control import keys, links, sites
from serving.control.errors import ControlError, UnknownSite
from serving.control.keys import Key
from serving.control.sites import Site
from serving.errors import ControlAway

P = ParamSpec("P")
T = TypeVar("T")
REMEMBER_SECONDS: Final = 5  # a revoked key or a changed site counts after this
_WAIT_SECONDS: Final = 3
_THREADS: Final = 4
Connection = psycopg.Connection[Any]


class Store:
    """Sites, keys and page sessions; raises ControlAway when Postgres is away and all is new."""

    def __init__(self, url: str, clock: Callable[[], float] = time.time) -> None:
        self._pool = psycopg_pool.ConnectionPool(
            url,
            kwargs={"autocommit": True, "connect_timeout": _WAIT_SECONDS},
            min_size=0,
            max_size=_THREADS,
            timeout=_WAIT_SECONDS,
            open=False,
        )
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="postgres")
        self._clock = clock
        self._cache = Cache(max_weight=50_000, clock=clock)

    def open(self) -> None:
        """Start connecting in the background."""
        self._pool.open()

    def close(self) -> None:
        """Give all connections back."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._pool.close()

    async def call(
        self, what: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a function of `serving.control` on a connection of the pool."""

        def run() -> T:
            try:
                with self._pool.connection() as connection, _answering(connection):
                    return what(connection, *args, **kwargs)
            except (psycopg.OperationalError, psycopg_pool.PoolTimeout) as error:
                raise ControlAway("Postgres does not answer; nothing was changed.") from error
            except psycopg.DataError as error:
                # A NUL in a text, a number beyond its type: no row has it, none can.
                told = "A value of the request cannot be stored; nothing was changed."
                raise ControlError(told, "Leave out NUL characters and endless numbers.") from error

        return await asyncio.get_running_loop().run_in_executor(self._threads, run)

    async def find_key(self, key: str) -> Key | None:
        """Return a key that may be used, None if it is unknown, revoked or expired."""
        digest = keys.key_hash(key)
        return await self._remembered(("key", digest), lambda: self.call(_used_key, key))

    async def is_signed_in(self, session: str) -> bool:
        """Whether a cookie's secret belongs to a page session that still runs."""
        name = ("session", keys.key_hash(session))
        return await self._remembered(name, lambda: self.call(links.is_signed_in, session))

    async def find_site(self, site_id: str) -> Site | None:
        """Return a site, None if there is none of that id."""
        return await self._remembered(("site", site_id), lambda: self.call(_site, site_id))

    async def _remembered(self, name: tuple[str, Any], look: Callable[[], Awaitable[T]]) -> T:
        token = int(self._clock()) // REMEMBER_SECONDS
        return (await self._cache.get(name, token, look)).value


@contextmanager
def _answering(connection: Connection) -> Iterator[None]:
    """Give Postgres some seconds; one that hangs then raises OperationalError like one away."""
    deadline = threading.Timer(_WAIT_SECONDS, _hang_up, [connection])
    deadline.start()
    try:
        yield
    finally:
        deadline.cancel()


def _hang_up(connection: Connection) -> None:
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as end:
        end.shutdown(socket.SHUT_RDWR)


def _used_key(conn: Connection, key: str) -> Key | None:
    found = keys.find_key(conn, key)
    if found is not None:
        keys.touch_key(conn, found.key_id)
    return found


def _site(conn: Connection, site_id: str) -> Site | None:
    try:
        return sites.get_site(conn, site_id)
    except UnknownSite:
        return None
