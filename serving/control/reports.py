"""Report schedules, and what became of each report: who gets it, when, how often it was tried."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import psycopg.errors
from psycopg.rows import class_row

from schemas.load import RULES
from serving.control.database import Connection
from serving.control.errors import InvalidReport, UnknownReport, UnknownSite

EVERY: Final = ("daily", "weekly")
_LOCAL: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL: Final = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS: Final = re.compile(rf"(?=.{{3,254}}$)(?=[^@]{{1,64}}@){_LOCAL}@{_LABEL}(\.{_LABEL})*")
_SCHEDULE: Final = (
    "SELECT schedule_id, site_id, every, hour, recipients, created_at FROM report_schedules"
)
_SEND: Final = (
    "SELECT schedule_id, first_date, due_at, status, attempts, try_at, sent_to, error, updated_at"
    " FROM report_sends"
)


@dataclass(frozen=True)
class Schedule:
    """A report somebody gets every day or week, from an hour of the site's own day on."""

    schedule_id: str
    site_id: str
    every: str
    hour: int
    recipients: list[str]
    created_at: datetime


@dataclass(frozen=True)
class Send:
    """A schedule's report about one period: sending, waiting for its day, failed or sent.

    `try_at` None: it is not tried again by itself.
    """

    schedule_id: str
    first_date: date
    due_at: datetime
    status: str
    attempts: int
    try_at: datetime | None
    sent_to: list[str]
    error: str | None
    updated_at: datetime


def add_schedule(
    conn: Connection, site_id: str, every: str, recipients: Iterable[str], hour: int | None = None
) -> Schedule:
    """Have a report sent from its next hour on; raises InvalidReport or UnknownSite."""
    hour = RULES.reports.hour if hour is None else hour
    if every not in EVERY:
        raise InvalidReport(f"{every!r} is no period.", f"Use one of {', '.join(EVERY)}.")
    if not 0 <= hour <= 23:
        raise InvalidReport(f"{hour} is no hour of a day.", "Use 0 to 23.")
    row = [f"rep_{secrets.token_hex(6)}", site_id, every, hour, checked_recipients(recipients)]
    try:
        conn.execute(
            "INSERT INTO report_schedules (schedule_id, site_id, every, hour, recipients)"
            " VALUES (%s, %s, %s, %s, %s)",
            row,
        )
    except psycopg.errors.ForeignKeyViolation as error:
        raise UnknownSite(
            f"There is no site {site_id!r}.", "See `headwater sites list`."
        ) from error
    return get_schedule(conn, str(row[0]))


def checked_recipients(recipients: Iterable[str]) -> list[str]:
    """Return addresses once each, in their order, or raise InvalidReport naming the wrong one."""
    found = list(dict.fromkeys(checked_address(one) for one in recipients))
    most = RULES.reports.max_recipients
    if not 1 <= len(found) <= most:
        raise InvalidReport(f"{len(found)} recipients are none or too many.", f"Give 1 to {most}.")
    return found


def checked_address(address: str) -> str:
    """Return an address without blanks around it, or raise InvalidReport."""
    plain = address.strip()
    if not _ADDRESS.fullmatch(plain):
        raise InvalidReport(
            f"{address!r} is not an e-mail address.",
            "Write only the address, such as ann@example.com; a domain in letters of other"
            " scripts as its xn-- name.",
        )
    return plain


def list_schedules(conn: Connection, site_id: str | None = None) -> list[Schedule]:
    """Return the schedules of a site, or of all sites, oldest first."""
    with conn.cursor(row_factory=class_row(Schedule)) as cursor:
        return cursor.execute(
            _SCHEDULE + " WHERE %s::text IS NULL OR site_id = %s"
            " ORDER BY site_id, created_at, schedule_id",
            [site_id, site_id],
        ).fetchall()


def get_schedule(conn: Connection, schedule_id: str) -> Schedule:
    """Return one schedule, or raise UnknownReport."""
    with conn.cursor(row_factory=class_row(Schedule)) as cursor:
        found = cursor.execute(_SCHEDULE + " WHERE schedule_id = %s", [schedule_id]).fetchone()
    if found is None:
        raise _unknown(schedule_id)
    return found


def remove_schedule(conn: Connection, schedule_id: str) -> None:
    """Forget a schedule and what it sent; raises UnknownReport."""
    gone = conn.execute("DELETE FROM report_schedules WHERE schedule_id = %s", [schedule_id])
    if not gone.rowcount:
        raise _unknown(schedule_id)


def _unknown(schedule_id: str) -> UnknownReport:
    return UnknownReport(f"There is no report {schedule_id!r}.", "See `headwater reports list`.")


def list_sends(conn: Connection, since: datetime) -> list[Send]:
    """Return what became of the reports that came due after an instant, newest first."""
    with conn.cursor(row_factory=class_row(Send)) as cursor:
        return cursor.execute(
            _SEND + " WHERE due_at > %s ORDER BY due_at DESC, schedule_id", [since]
        ).fetchall()


def may_be_taken(send: Send | None, now: datetime) -> bool:
    """Whether `take` would take a report; the row of one nobody tried yet is not there."""
    if send is None:
        return True
    may_be_tried = send.attempts <= len(RULES.reports.retry_minutes)
    return send.status != "sent" and send.try_at is not None and send.try_at <= now and may_be_tried


def take(
    conn: Connection,
    schedule_id: str,
    first_date: date,
    due_at: datetime,
    now: datetime,
    *,
    is_forced: bool = False,
) -> Send | None:
    """Take one report to send it, so that nobody else does; None if it is not to be sent now.

    It counts as an attempt. Whoever takes it says within `lease_minutes` what became of it;
    else another one takes it, after a crash for instance. `is_forced`: take it even if it failed
    for good or was sent; one that was sent goes to everybody again.
    """
    lease = now + timedelta(minutes=RULES.reports.lease_minutes)
    with conn.cursor(row_factory=class_row(Send)) as cursor:
        return cursor.execute(
            "INSERT INTO report_sends AS mine"
            " (schedule_id, first_date, due_at, status, attempts, try_at)"
            " VALUES (%(schedule)s, %(first)s, %(due)s, 'sending', 1, %(lease)s)"
            " ON CONFLICT (schedule_id, first_date) DO UPDATE SET status = 'sending',"
            " attempts = mine.attempts + 1, try_at = %(lease)s, updated_at = now(),"
            " sent_to = CASE WHEN mine.status = 'sent' THEN '{}' ELSE mine.sent_to END"
            " WHERE %(forced)s OR (mine.status <> 'sent' AND mine.try_at <= %(now)s"
            " AND mine.attempts <= %(retries)s)"
            " RETURNING schedule_id, first_date, due_at, status, attempts, try_at, sent_to,"
            " error, updated_at",
            {
                "schedule": schedule_id,
                "first": first_date,
                "due": due_at,
                "lease": lease,
                "now": now,
                "forced": is_forced,
                "retries": len(RULES.reports.retry_minutes),
            },
        ).fetchone()


def note_recipient(conn: Connection, send: Send, address: str) -> None:
    """Remember that a mail server has taken the report for an address."""
    conn.execute(
        "UPDATE report_sends SET sent_to = array_append(sent_to, %s), updated_at = now()"
        " WHERE schedule_id = %s AND first_date = %s",
        [address, send.schedule_id, send.first_date],
    )


def finish(conn: Connection, send: Send) -> None:
    """Note that everybody has it: it is never taken again by itself."""
    _put(conn, send, "sent", None, None, send.attempts)


def wait(conn: Connection, send: Send, reason: str, now: datetime) -> None:
    """Give a report back until its day is restated; that was no attempt."""
    again = now + timedelta(minutes=RULES.reports.look_again_minutes)
    _put(conn, send, "waiting", reason, again, send.attempts - 1)


def fail(conn: Connection, send: Send, error: str, now: datetime) -> None:
    """Note why it could not be sent; it is tried again as often as `retry_minutes` says."""
    left = RULES.reports.retry_minutes[send.attempts - 1 :]
    again = now + timedelta(minutes=left[0]) if left else None
    _put(conn, send, "failed", error, again, send.attempts)


def forget(conn: Connection, send: Send) -> None:
    """Let it be as if nobody had ever taken it."""
    conn.execute(
        "DELETE FROM report_sends WHERE schedule_id = %s AND first_date = %s",
        [send.schedule_id, send.first_date],
    )


def unsent(conn: Connection, now: datetime) -> list[Send]:
    """Return the reports that people should look after, oldest first.

    They failed for good, or were to be sent `overdue_hours` ago, and are not older than
    `pending_days`.
    """
    oldest = now - timedelta(days=RULES.reports.pending_days)
    overdue = now - timedelta(hours=RULES.reports.overdue_hours)
    return [
        send
        for send in reversed(list_sends(conn, oldest))
        if send.status != "sent" and (send.try_at is None or send.due_at < overdue)
    ]


def _put(
    conn: Connection,
    send: Send,
    status: str,
    error: str | None,
    try_at: datetime | None,
    attempts: int,
) -> None:
    conn.execute(
        "UPDATE report_sends SET status = %s, error = %s, try_at = %s, attempts = %s,"
        " updated_at = now() WHERE schedule_id = %s AND first_date = %s",
        [status, error, try_at, attempts, send.schedule_id, send.first_date],
    )
