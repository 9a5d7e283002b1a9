"""Signing in to the page: a link that works once, then a session cookie."""

import hashlib
import secrets
from typing import Final

from serving.control.database import Connection

LINK_HOURS: Final = 24
SESSION_DAYS: Final = 30


def create_sign_in_link(conn: Connection) -> str:
    """Return a token for `/sign-in?token=...`; it works once, within a day."""
    token = secrets.token_urlsafe(32)
    conn.execute(
        "INSERT INTO sign_in_links (token_hash, expires_at)"
        " VALUES (%s, now() + make_interval(hours => %s))",
        [_digest(token), LINK_HOURS],
    )
    return token


def redeem(conn: Connection, token: str) -> str | None:
    """Use a link up and return a new session's secret; None if it is used, old or unknown."""
    with conn.transaction():
        used = conn.execute(
            "UPDATE sign_in_links SET used_at = now()"
            " WHERE token_hash = %s AND used_at IS NULL AND expires_at > now()",
            [_digest(token)],
        )
        return _open_session(conn) if used.rowcount == 1 else None


def _open_session(conn: Connection) -> str:
    session = secrets.token_urlsafe(32)
    conn.execute("DELETE FROM page_sessions WHERE expires_at < now()")
    conn.execute(
        "INSERT INTO page_sessions (session_hash, expires_at)"
        " VALUES (%s, now() + make_interval(days => %s))",
        [_digest(session), SESSION_DAYS],
    )
    return session


def is_signed_in(conn: Connection, session: str) -> bool:
    """Whether the secret of a cookie belongs to a session that still runs."""
    row = conn.execute(
        "SELECT 1 FROM page_sessions WHERE session_hash = %s AND expires_at > now()",
        [_digest(session)],
    ).fetchone()
    return row is not None


def sign_out(conn: Connection, session: str) -> None:
    """End a session; unknown ones are no error."""
    conn.execute("DELETE FROM page_sessions WHERE session_hash = %s", [_digest(session)])


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
