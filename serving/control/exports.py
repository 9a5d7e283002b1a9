"""Exports: files with a site's own rows of a view that somebody asked for, and how far they are."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import psycopg.errors
from psycopg.rows import class_row

from schemas.exports import Format, NoExport, check_export
from schemas.load import RULES
from serving.control.database import Connection
from serving.control.errors import InvalidExport, UnknownExport, UnknownSite

_SELECT: Final = (
    "SELECT export_id, site_id, view_name, first_date, last_date, format, status, requested_at,"
    " started_at, finished_at, run_id, row_count, file_bytes, error FROM exports"
)


@dataclass(frozen=True)
class ExportJob:
    """One file: queued, running, done (`row_count`, `file_bytes`) or failed (`error`)."""

    export_id: str
    site_id: str
    view_name: str
    first_date: date | None
    last_date: date | None
    format: str
    status: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    run_id: str | None
    row_count: int | None
    file_bytes: int | None
    error: str | None

    @property
    def file_name(self) -> str:
        """The name of its file in the folder of exports."""
        return f"{self.export_id}.{self.format}"

    @property
    def kept_until(self) -> datetime:
        """When file and row go."""
        return self.requested_at + timedelta(days=RULES.exports.keep_days)


def request(
    conn: Connection,
    site_id: str,
    view_name: str,
    first_date: date | None,
    last_date: date | None,
    form: Format,
) -> ExportJob:
    """Ask for a file; raises InvalidExport or UnknownSite. Asked twice, two are made."""
    _check(view_name, first_date, last_date)
    export_id = f"exp_{secrets.token_hex(8)}"
    try:
        with conn.transaction():
            conn.execute("SELECT 1 FROM sites WHERE site_id = %s FOR UPDATE", [site_id])
            _check_room(conn, site_id)
            conn.execute(
                "INSERT INTO exports (export_id, site_id, view_name, first_date, last_date, format)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                [export_id, site_id, view_name, first_date, last_date, form],
            )
    except psycopg.errors.ForeignKeyViolation as error:
        raise UnknownSite(
            f"There is no site {site_id!r}.", "See `headwater sites list`."
        ) from error
    return get(conn, site_id, export_id)


def _check(view_name: str, first: date | None, last: date | None) -> None:
    try:
        check_export(view_name, first, last)
    except NoExport as error:
        raise InvalidExport(error.field, str(error), error.fix) from error


def _check_room(conn: Connection, site_id: str) -> None:
    row = conn.execute(
        "SELECT count(*) FROM exports WHERE site_id = %s AND status IN ('queued', 'running')",
        [site_id],
    ).fetchone()
    if row is not None and row[0] >= RULES.exports.max_open:
        message = f"{row[0]} exports of the site wait already."
        raise InvalidExport("site", message, "Wait for one of them.")


def get(conn: Connection, site_id: str, export_id: str) -> ExportJob:
    """Return one export of a site, or raise UnknownExport."""
    with conn.cursor(row_factory=class_row(ExportJob)) as cursor:
        found = cursor.execute(
            _SELECT + " WHERE site_id = %s AND export_id = %s", [site_id, export_id]
        ).fetchone()
    if found is None:
        raise UnknownExport(f"The site has no export {export_id!r}.", "It may be kept no longer.")
    return found


def of_site(conn: Connection, site_id: str) -> list[ExportJob]:
    """Return the exports of a site, newest first."""
    with conn.cursor(row_factory=class_row(ExportJob)) as cursor:
        return cursor.execute(
            _SELECT + " WHERE site_id = %s ORDER BY requested_at DESC, export_id", [site_id]
        ).fetchall()


def open_exports(conn: Connection) -> list[ExportJob]:
    """Return what is queued or running, oldest first: the sensor's work."""
    with conn.cursor(row_factory=class_row(ExportJob)) as cursor:
        return cursor.execute(
            _SELECT + " WHERE status IN ('queued', 'running') ORDER BY requested_at, export_id"
        ).fetchall()


def take(conn: Connection, run_id: str) -> ExportJob | None:
    """Mark the oldest queued export as running and return it; None if nothing waits."""
    taken = conn.execute(
        "UPDATE exports SET status = 'running', started_at = now(), run_id = %s"
        " WHERE export_id = (SELECT export_id FROM exports WHERE status = 'queued'"
        " ORDER BY requested_at, export_id LIMIT 1 FOR UPDATE SKIP LOCKED)"
        " RETURNING site_id, export_id",
        [run_id],
    ).fetchone()
    return get(conn, *taken) if taken else None


def finish(conn: Connection, export_id: str, row_count: int, file_bytes: int) -> None:
    """Mark a running export as done: its file is there, whole."""
    conn.execute(
        "UPDATE exports SET status = 'done', finished_at = now(), row_count = %s, file_bytes = %s"
        " WHERE export_id = %s AND status = 'running'",
        [row_count, file_bytes, export_id],
    )


def fail(conn: Connection, export_id: str, error: str) -> None:
    """Mark an export as failed with a reason; the first verdict stays."""
    conn.execute(
        "UPDATE exports SET status = 'failed', finished_at = now(), error = %s"
        " WHERE export_id = %s AND status IN ('queued', 'running')",
        [error, export_id],
    )


def kept_no_longer(conn: Connection, now: datetime) -> int:
    """Forget exports that are older than the rule and return how many; their files go after."""
    gone = conn.execute(
        "DELETE FROM exports WHERE requested_at < %s",
        [now - timedelta(days=RULES.exports.keep_days)],
    )
    return gone.rowcount


def known_files(conn: Connection) -> set[str]:
    """Return the names of the files that are still kept."""
    with conn.cursor(row_factory=class_row(ExportJob)) as cursor:
        return {job.file_name for job in cursor.execute(_SELECT).fetchall()}
