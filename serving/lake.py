"""Reads the views through Trino; the one place of this room that opens connections to it."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import requests
import trino.auth
import trino.dbapi
import trino.exceptions

from serving import metrics
from serving.errors import LakeBusy, LakeUnavailable, QueryError, ServingError, query_error
from serving.query.sql import Param, Sql, Statement
from serving.scope import SiteScope

Records = list[Sequence[Any]]
THREADS: Final = 6
QUERY_SECONDS: Final = 60
_CONNECT_SECONDS: Final = 2
_READ_SECONDS: Final = 15
_AWAY_SECONDS: Final = 2  # after a failure nobody else waits for Trino for this long
_BUSY: Final = frozenset({"EXCEEDED_TIME_LIMIT", "QUERY_QUEUE_FULL", "EXCEEDED_CPU_LIMIT"})
_MEMORY: Final = "EXCEEDED_"
_BAD_VALUE: Final = frozenset({"INVALID_FUNCTION_ARGUMENT"})


class Lake(Protocol):
    """What the API needs of Trino; tests put a fake in its place."""

    async def rows(self, statement: Statement, scope: SiteScope) -> Records:
        """Run a statement about the scope's site."""

    async def system_rows(self, sql: Sql) -> Records:
        """Run a statement about no site: only freshness and warm-up use it."""


class TrinoLake:
    """The views as the read-only user sees them.

    Raises LakeUnavailable when Trino does not answer, LakeBusy when it gave up, QueryError
    for a pattern that is none. Reading twice gives the same, so every retry is safe.
    """

    def __init__(
        self, url: str, user: str = "reader", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._address = urlsplit(url)
        self._user = user
        self._clock = clock
        self._away_until = 0.0
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="trino")
        self._local = threading.local()

    async def rows(self, statement: Statement, scope: SiteScope) -> Records:
        """Run a statement about the scope's site."""
        if statement.site_id != scope.site_id:
            raise ValueError(f"a statement about {statement.site_id} in scope {scope.site_id}")
        return await self.system_rows(statement.sql)

    async def system_rows(self, sql: Sql) -> Records:
        """Run a statement about no site: only freshness and warm-up use it."""
        if self._clock() < self._away_until:
            raise LakeUnavailable("Trino did not answer a moment ago; try again in seconds.")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, sql)

    def _run(self, sql: Sql) -> Records:
        started, outcome = time.perf_counter(), "failed"
        try:
            found = self._fetch(sql)
            outcome = "answered"
            return found
        finally:
            metrics.LAKE.labels(outcome).observe(time.perf_counter() - started)

    def _fetch(self, sql: Sql) -> Records:
        try:
            with self._connect() as connection:
                cursor = connection.cursor()
                cursor.execute(sql.text, [bound(param) for param in sql.params] or None)
                return list(cursor.fetchall())
        except trino.exceptions.TrinoQueryError as error:
            raise _told(error) from error
        except (trino.exceptions.Error, requests.RequestException) as error:
            self._away_until = self._clock() + _AWAY_SECONDS
            raise LakeUnavailable("Trino does not answer; nothing was read.") from error

    def _connect(self) -> Any:
        return trino.dbapi.connect(  # type: ignore[no-untyped-call]
            host=self._address.hostname,
            port=self._address.port,
            user=self._user,
            catalog="lake",
            schema="analytics",
            source="headwater-serving",
            http_session=self._session(),
            request_timeout=(_CONNECT_SECONDS, _READ_SECONDS),
            max_attempts=1,
            legacy_prepared_statements=False,
            session_properties={"query_max_run_time": f"{QUERY_SECONDS}s"},
        )

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        session: requests.Session = self._local.session
        return session

    def close(self) -> None:
        """Stop the threads; statements that run are left to Trino's time limit."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def bound(param: Param) -> Any:
    """Return a parameter as the driver writes it.

    TRICKY: the driver writes an aware datetime with its zone's name only if that is a ZoneInfo
    or UTC; and a float as a DOUBLE, which no rounding of ours may touch.
    """
    if isinstance(param, datetime):
        return param.astimezone(UTC)
    return param if not isinstance(param, date) else date(param.year, param.month, param.day)


def _told(error: trino.exceptions.TrinoQueryError) -> ServingError:
    name = str(error.error_name)
    if name in _BAD_VALUE:
        return _bad_pattern(error)
    if name in _BUSY or name.startswith(_MEMORY):
        return LakeBusy("The question took too long or too much memory; ask for less at once.")
    return LakeUnavailable(f"Trino could not answer ({name}).")


def _bad_pattern(error: trino.exceptions.TrinoQueryError) -> QueryError:
    return query_error(("filters",), "A pattern of `matches` is no regular expression.", "Mend it.")
