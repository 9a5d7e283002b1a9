"""Keep keys and salts fresh: Postgres every second; for keys, a file when it is away."""

import json
import logging
import os
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import psycopg
from psycopg.rows import dict_row

from ingest_edge.keys import KeyRing, ring_of
from ingest_edge.salts import Salts

_LOG: Final = logging.getLogger(__name__)
# A new key works, and a revoked one stops, within two of these.
_REFRESH_SECONDS: Final = 1.0
_CONNECT_TIMEOUT_SECONDS: Final = 3
# A Postgres that took the question and hangs is away; nothing else would ever tell.
_ANSWER_SECONDS: Final = 5.0
# Changes with every insert, update and delete of the first two tables, at the cost of a small scan;
# the third is only ever added to, or loses what a site had that is gone.
_FINGERPRINT: Final = """
    SELECT md5(concat(
        (SELECT string_agg(concat(ctid, xmin), ',' ORDER BY ctid) FROM sites), '/',
        (SELECT string_agg(concat(ctid, xmin), ',' ORDER BY ctid) FROM keys), '/',
        (SELECT concat(count(*), ',', max(erased_id)) FROM erased_ids)))"""
_SITES: Final = """
    SELECT site_id, timezone, allowed_hosts, settings,
        encode(visitor_secret, 'hex') AS visitor_secret
    FROM sites"""
_KEYS: Final = """
    SELECT encode(key_hash, 'hex') AS key_hash, site_id, kind, allowed_hosts,
        requests_per_minute, (extract(epoch FROM expires_at) * 1000)::bigint AS expires_at
    FROM keys WHERE revoked_at IS NULL"""
_ERASED: Final = "SELECT site_id, encode(digest, 'hex') AS digest FROM erased_ids"


class _Copy(NamedTuple):
    fingerprint: str
    sites: list[dict[str, Any]]
    keys: list[dict[str, Any]]
    erased: list[dict[str, Any]]


class KeyStore:
    """Holds the newest ring known in `ring`; replaced as a whole, so readers need no lock."""

    def __init__(self, postgres_url: str, file: Path, salts: Salts | None = None) -> None:
        self._postgres_url = postgres_url
        self._salts = salts
        self._file = file
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keys", daemon=True)
        self._fingerprint: str | None = None
        self.ring = KeyRing()
        self.is_loaded = False
        self.is_stale = True

    def start(self) -> None:
        """Read the file, then follow Postgres in the background."""
        copy = _read(self._file)
        if copy is not None:
            self._take(copy)
        self._thread.start()

    def stop(self) -> None:
        """End the background reading."""
        self._stop.set()
        self._thread.join(timeout=_CONNECT_TIMEOUT_SECONDS + 1)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except psycopg.Error as error:
                if not self.is_stale:
                    _LOG.warning("keys: Postgres is away (%s); serving those known", type(error))
                self.is_stale = True
            except Exception:
                # This thread must not end: without it new keys never work, revoked ones for ever.
                _LOG.exception("keys: could not be read; serving those known")
                self.is_stale = True
            self._stop.wait(_REFRESH_SECONDS)

    def _follow(self) -> None:
        """Read changes until stopped; raises psycopg.Error when Postgres goes away."""
        with psycopg.connect(
            self._postgres_url,
            autocommit=True,
            connect_timeout=_CONNECT_TIMEOUT_SECONDS,
            row_factory=dict_row,
        ) as connection:
            while not self._stop.is_set():
                self._refresh(connection)
                self.is_stale = False
                self._stop.wait(_REFRESH_SECONDS)

    def _refresh(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        deadline = threading.Timer(_ANSWER_SECONDS, _hang_up, [connection])
        deadline.start()
        try:
            self._read_changes(connection)
            if self._salts is not None:
                self._salts.follow(connection, self.ring.cookieless_zones)
        finally:
            deadline.cancel()

    def _read_changes(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        row = connection.execute(_FINGERPRINT).fetchone()
        fingerprint = str(row["md5"]) if row else ""
        if fingerprint == self._fingerprint:
            return
        # The fingerprint was read first: a change in between is read again a second later.
        copy = _Copy(
            fingerprint,
            *(connection.execute(rows).fetchall() for rows in (_SITES, _KEYS, _ERASED)),
        )
        self._take(copy)
        try:
            _write(self._file, copy)
        except OSError as error:
            _LOG.warning("keys: %s; a start without Postgres would know older keys", error)

    def _take(self, copy: _Copy) -> None:
        self.ring = ring_of(copy.sites, copy.keys, copy.erased)
        self._fingerprint = copy.fingerprint
        self.is_loaded = True


def _hang_up(connection: psycopg.Connection[Any]) -> None:
    """End the connection under whoever waits for its answer: they get an OperationalError."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as end:
        end.shutdown(socket.SHUT_RDWR)


def _read(file: Path) -> _Copy | None:
    """Return the copy in the file; None if there is none or it cannot be read."""
    try:
        content = json.loads(file.read_text("utf-8"))
        # A file of an older edge knows of nobody erased: nobody was.
        return _Copy(
            content["fingerprint"], content["sites"], content["keys"], content.get("erased", [])
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _write(file: Path, copy: _Copy) -> None:
    """Put the copy in the file, whole or not at all; only the owner may read it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(copy._asdict(), stream)
    part.replace(file)
