"""Keys: `hw_pub_` writes from browsers, `hw_sec_` from servers, `hw_api_` reads."""

import hashlib
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import psycopg.errors
from psycopg.rows import class_row

from serving.control.database import Connection
from serving.control.errors import InvalidKey, UnknownKey, UnknownSite
from serving.control.sites import checked_host

KINDS: Final = ("pub", "sec", "api")
_BASE62: Final = string.ascii_letters + string.digits
_PREFIX_LENGTH: Final = 12
_MOST_REQUESTS: Final = 1_000_000_000  # what the column holds, and no limit to speak of
_SELECT: Final = (
    "SELECT key_id, site_id, kind, name, prefix, allowed_hosts,"
    " requests_per_minute, created_at, expires_at, revoked_at, last_used_at FROM keys"
)


@dataclass(frozen=True)
class Key:
    """One key as people may see it: never the key itself.

    `requests_per_minute` None means the limit of its kind (schemas/rules/limits.toml).
    """

    key_id: str
    site_id: str
    kind: str
    name: str
    prefix: str
    allowed_hosts: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    requests_per_minute: int | None = None


def create_key(
    conn: Connection,
    site_id: str,
    kind: str,
    name: str = "",
    *,
    allowed_hosts: Iterable[str] = (),
    expires_at: datetime | None = None,
    requests_per_minute: int | None = None,
) -> str:
    """Make a key and return it: the only time that it can be seen.

    Raises InvalidKey for an unknown kind or limit, UnknownSite.
    """
    if kind not in KINDS:
        raise InvalidKey(f"{kind!r} is not a kind of key.", f"Use one of {', '.join(KINDS)}.")
    if requests_per_minute is not None and not 1 <= requests_per_minute <= _MOST_REQUESTS:
        raise InvalidKey(
            f"{requests_per_minute} is not a number of requests.", f"Use 1 to {_MOST_REQUESTS}."
        )
    key = f"hw_{kind}_" + "".join(secrets.choice(_BASE62) for _ in range(32))
    hosts = [checked_host(host) for host in allowed_hosts]
    try:
        conn.execute(
            "INSERT INTO keys (key_id, site_id, kind, name, prefix, key_hash, allowed_hosts,"
            " expires_at, requests_per_minute) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                f"key_{secrets.token_hex(8)}",
                site_id,
                kind,
                name.strip() or f"{kind} key",
                key[:_PREFIX_LENGTH],
                key_hash(key),
                hosts,
                expires_at,
                requests_per_minute,
            ],
        )
    except psycopg.errors.ForeignKeyViolation as error:
        raise UnknownSite(
            f"There is no site {site_id!r}.", "See `headwater sites list`."
        ) from error
    return key


def key_hash(key: str) -> bytes:
    """Digest a key the way it is stored and looked up: SHA-256 of its UTF-8 bytes."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def list_keys(conn: Connection, site_id: str | None = None) -> list[Key]:
    """Return the keys of a site, or of all sites, oldest first, revoked ones included."""
    with conn.cursor(row_factory=class_row(Key)) as cursor:
        return cursor.execute(
            _SELECT + " WHERE %s::text IS NULL OR site_id = %s"
            " ORDER BY site_id, created_at, key_id",
            [site_id, site_id],
        ).fetchall()


def find_key(conn: Connection, key: str) -> Key | None:
    """Return a key that may be used now, or None: unknown, revoked or expired."""
    with conn.cursor(row_factory=class_row(Key)) as cursor:
        return cursor.execute(
            _SELECT + " WHERE key_hash = %s AND revoked_at IS NULL"
            " AND (expires_at IS NULL OR expires_at > now())",
            [key_hash(key)],
        ).fetchone()


def touch_key(conn: Connection, key_id: str) -> None:
    """Remember that a key was used; to the minute, so that reads do not become writes."""
    conn.execute(
        "UPDATE keys SET last_used_at = now() WHERE key_id = %s"
        " AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')",
        [key_id],
    )


def revoke_key(conn: Connection, key: str) -> Key:
    """Revoke by key id, or by a prefix that only one key has; twice is no error.

    Raises UnknownKey when none or several match.
    """
    found = conn.execute(
        "SELECT key_id FROM keys WHERE key_id = %s OR prefix = %s", [key, key]
    ).fetchall()
    if len(found) != 1:
        raise UnknownKey(
            f"{len(found) or 'No'} keys match {key!r}.",
            "Give the key id that `headwater keys list` shows.",
        )
    conn.execute(
        "UPDATE keys SET revoked_at = coalesce(revoked_at, now()) WHERE key_id = %s", found[0]
    )
    return next(one for one in list_keys(conn) if one.key_id == found[0][0])
