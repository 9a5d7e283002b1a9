"""Restatements: local dates of a site that are to be computed again."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import psycopg.errors
from psycopg.rows import class_row

from serving.control.database import Connection
from serving.control.errors import InvalidRestatement, UnknownRestatement, UnknownSite

MAX_DATES: Final = 400
_NEWEST: Final = 20  # requests that tell how long one takes
_SELECT: Final = (
    "SELECT restatement_id, site_id, dates, reason, status, requested_at, started_at, finished_at,"
    " run_id, error, is_held FROM restatements"
)


@dataclass(frozen=True)
class Restatement:
    """One request and how far it is: queued, running, done or failed (see `error`)."""

    restatement_id: int
    site_id: str
    dates: list[date]
    reason: str
    status: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    run_id: str | None
    error: str | None
    is_held: bool = False

    @property
    def is_over(self) -> bool:
        """Whether waiting longer changes nothing."""
        return self.status in ("done", "failed")


def queue(
    conn: Connection,
    site_id: str,
    dates: Iterable[date],
    reason: str,
    *,
    is_held: bool = False,
) -> int:
    """Ask for dates to be restated and return the number of the request.

    Dates are sorted and counted once. What `is_held` is made and shown to nobody before somebody
    switches to it. Raises InvalidRestatement or UnknownSite.
    """
    wanted = sorted(set(dates))
    if not 1 <= len(wanted) <= MAX_DATES:
        raise InvalidRestatement(
            f"{len(wanted)} dates cannot be restated at once.", f"Give 1 to {MAX_DATES} dates."
        )
    try:
        row = conn.execute(
            "INSERT INTO restatements (site_id, dates, reason, is_held) VALUES (%s, %s, %s, %s)"
            " RETURNING restatement_id",
            [site_id, wanted, reason, is_held],
        ).fetchone()
    except psycopg.errors.ForeignKeyViolation as error:
        raise UnknownSite(
            f"There is no site {site_id!r}.", "See `headwater sites list`."
        ) from error
    return int(row[0]) if row else 0


def get(conn: Connection, restatement_id: int) -> Restatement:
    """Return one request, or raise UnknownRestatement."""
    with conn.cursor(row_factory=class_row(Restatement)) as cursor:
        row = cursor.execute(
            _SELECT + " WHERE restatement_id = %s",
            [restatement_id],
        ).fetchone()
    if row is None:
        raise UnknownRestatement(f"There is no restatement {restatement_id}.")
    return row


def open_requests(conn: Connection) -> list[Restatement]:
    """Return what is queued or running, oldest first: the sensor's work."""
    with conn.cursor(row_factory=class_row(Restatement)) as cursor:
        return cursor.execute(
            _SELECT + " WHERE status IN ('queued', 'running') ORDER BY restatement_id"
        ).fetchall()


def with_reason(conn: Connection, site_id: str, reason: str) -> list[Restatement]:
    """Return the requests for a site that were made with the same words, oldest first."""
    with conn.cursor(row_factory=class_row(Restatement)) as cursor:
        return cursor.execute(
            _SELECT + " WHERE site_id = %s AND reason = %s ORDER BY restatement_id",
            [site_id, reason],
        ).fetchall()


def seconds_per_date(conn: Connection) -> float | None:
    """Return what one date of the newest requests took; None while none was done."""
    row = conn.execute(
        "SELECT extract(epoch FROM sum(finished_at - started_at)) / sum(cardinality(dates))"
        " FROM (SELECT * FROM restatements WHERE status = 'done'"
        " ORDER BY finished_at DESC LIMIT %s) AS newest",
        [_NEWEST],
    ).fetchone()
    return float(row[0]) if row and row[0] is not None else None


def start(conn: Connection, restatement_id: int, run_id: str) -> bool:
    """Mark a queued request as running; False if somebody else took it."""
    taken = conn.execute(
        "UPDATE restatements SET status = 'running', started_at = now(), run_id = %s"
        " WHERE restatement_id = %s AND status = 'queued'",
        [run_id, restatement_id],
    )
    return taken.rowcount == 1


def finish(conn: Connection, restatement_id: int, error: str | None = None) -> None:
    """Mark a request as done, or as failed with a reason; the first verdict stays."""
    conn.execute(
        "UPDATE restatements SET status = %s, finished_at = now(), error = %s"
        " WHERE restatement_id = %s AND status IN ('queued', 'running')",
        ["failed" if error else "done", error, restatement_id],
    )


def wait(
    conn: Connection,
    restatement_id: int,
    timeout_seconds: float = 600,
    on_look: Callable[[Restatement], None] = lambda _: None,
    pause_seconds: float = 0.5,
) -> Restatement:
    """Wait until a request is over or the time is up; look at `status` of what returns."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        seen = get(conn, restatement_id)
        on_look(seen)
        if seen.is_over or time.monotonic() >= deadline:
            return seen
        time.sleep(pause_seconds)
