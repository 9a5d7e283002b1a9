"""Erasures: persons whom a site has to forget, and how far it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from schemas.erased import Kind, erased_digest
from serving.control.database import Connection
from serving.control.errors import InvalidErasure, UnknownErasure, UnknownSite

MAX_VISITORS: Final = 1_000
_MAX_LENGTH: Final = 512
_SELECT: Final = (
    "SELECT erasure_id, site_id, visitor_ids, user_id, requested_at, hidden_at, rewritten_at,"
    " ended_at FROM erasures"
)


@dataclass(frozen=True)
class Erasure:
    """One request. `visitor_ids` and `user_id` are empty once it has ended: they are gone, too."""

    erasure_id: int
    site_id: str
    visitor_ids: list[str]
    user_id: str | None
    requested_at: datetime
    hidden_at: datetime | None
    rewritten_at: datetime | None
    ended_at: datetime | None

    @property
    def state(self) -> str:
        """How far it is: requested, hidden, rewritten, ended."""
        if self.ended_at is not None:
            return "ended"
        if self.rewritten_at is not None:
            return "rewritten"
        return "requested" if self.hidden_at is None else "hidden"


def request(
    conn: Connection, site_id: str, visitor_ids: Iterable[str], user_id: str | None = None
) -> Erasure:
    """Ask for a person to be forgotten; from now on edges refuse their ids.

    Asked again for the same person while the first request goes on, it returns that one. Raises
    InvalidErasure or UnknownSite.
    """
    visitors = sorted(set(visitor_ids))
    _check(visitors, user_id)
    with conn.transaction():
        row = conn.execute(
            "SELECT visitor_secret FROM sites WHERE site_id = %s FOR UPDATE", [site_id]
        ).fetchone()
        if row is None:
            raise UnknownSite(f"There is no site {site_id!r}.", "See `headwater sites list`.")
        _refuse(conn, site_id, bytes(row[0]), visitors, user_id)
        known = conn.execute(
            "SELECT erasure_id FROM erasures WHERE site_id = %s AND visitor_ids = %s"
            " AND user_id IS NOT DISTINCT FROM %s AND ended_at IS NULL",
            [site_id, visitors, user_id],
        ).fetchone()
        made = (
            known
            or conn.execute(
                "INSERT INTO erasures (site_id, visitor_ids, user_id) VALUES (%s, %s, %s)"
                " RETURNING erasure_id",
                [site_id, visitors, user_id],
            ).fetchone()
        )
    return get(conn, int(made[0]) if made else 0)


def get(conn: Connection, erasure_id: int) -> Erasure:
    """Return one request, or raise UnknownErasure."""
    with conn.cursor(row_factory=class_row(Erasure)) as cursor:
        row = cursor.execute(_SELECT + " WHERE erasure_id = %s", [erasure_id]).fetchone()
    if row is None:
        raise UnknownErasure(f"There is no erasure {erasure_id}.", "See `headwater erasures list`.")
    return row


def hidden_ones(conn: Connection) -> list[Erasure]:
    """Return the requests of all sites that are hidden and have not ended, oldest first."""
    return [
        each for each in list_erasures(conn) if each.hidden_at is not None and not each.ended_at
    ]


def list_erasures(conn: Connection, site_id: str | None = None) -> list[Erasure]:
    """Return the requests of a site, or of all, oldest first, ended ones included."""
    with conn.cursor(row_factory=class_row(Erasure)) as cursor:
        return cursor.execute(
            _SELECT + " WHERE %s::text IS NULL OR site_id = %s ORDER BY erasure_id",
            [site_id, site_id],
        ).fetchall()


def hidden(conn: Connection, erasure_id: int) -> Erasure:
    """Note that views leave the person out; the first time counts."""
    return _note(conn, erasure_id, "hidden_at = coalesce(hidden_at, now())")


def rewritten(conn: Connection, erasure_id: int) -> Erasure:
    """Note that no file of a newest snapshot holds the person; the last time counts."""
    return _note(conn, erasure_id, "rewritten_at = now()")


def came_back(conn: Connection, erasure_id: int) -> Erasure:
    """Note that a replay brought rows of the person back: they are to be rewritten once more."""
    return _note(conn, erasure_id, "rewritten_at = NULL")


def end(conn: Connection, erasure_id: int) -> Erasure:
    """Note that the last copy is gone, and forget the ids; see `tidy`."""
    ended = "ended_at = coalesce(ended_at, now()), visitor_ids = '{}', user_id = NULL"
    return _note(conn, erasure_id, ended)


def tidy(conn: Connection) -> None:
    """Write the file of the requests anew; not within a transaction.

    Postgres keeps what a row was until its page is needed, and that of a small table never is.
    """
    conn.execute("VACUUM FULL erasures")


def _note(conn: Connection, erasure_id: int, change: str) -> Erasure:
    conn.execute(f"UPDATE erasures SET {change} WHERE erasure_id = %s", [erasure_id])  # noqa: S608
    return get(conn, erasure_id)


def _refuse(
    conn: Connection, site_id: str, secret: bytes, visitors: list[str], user_id: str | None
) -> None:
    named: list[tuple[Kind, str]] = [("visitor", visitor) for visitor in visitors]
    if user_id is not None:
        named.append(("user", user_id))
    for kind, name in named:
        conn.execute(
            "INSERT INTO erased_ids (site_id, digest) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [site_id, erased_digest(secret, kind, name)],
        )


def _check(visitors: list[str], user_id: str | None) -> None:
    if not visitors and user_id is None:
        raise InvalidErasure("Nobody is named.", "Give a visitor or a user.")
    if len(visitors) > MAX_VISITORS:
        raise InvalidErasure(
            f"{len(visitors)} visitors are too many for one person.",
            f"Give {MAX_VISITORS} at most; is the user id one that many people share?",
        )
    for name in (*visitors, *([] if user_id is None else [user_id])):
        if not name.strip() or len(name) > _MAX_LENGTH or "\x00" in name:
            raise InvalidErasure(
                f"{name[:40]!r} is no id.", "Give it as `visitor_id` or `user_id` has it in SQL."
            )
