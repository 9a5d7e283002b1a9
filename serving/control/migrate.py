"""Bring the control plane's tables up to date: `python -m serving.control.migrate`.

Files of `migrations/` run once each, in the order of their numbers, and are recorded in the
table `migrations`. Run again it changes nothing. Two at once wait for each other.
"""

import hashlib
import sys
from dataclasses import dataclass
from importlib import resources
from typing import Final

from serving.config import control_url
from serving.control.database import Connection, connect
from serving.control.errors import ControlError

_LOCK: Final = 7_246_001  # any number, the same for all who migrate
_RECORD: Final = """
    CREATE TABLE IF NOT EXISTS migrations (
        number     integer PRIMARY KEY,
        name       text NOT NULL,
        sha256     text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    )
"""


@dataclass(frozen=True)
class Migration:
    """One numbered SQL file."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """The digest that tells whether an applied file was edited afterwards."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


class EditedMigration(ControlError):
    """A file that was already applied has other content now."""


def migrations() -> list[Migration]:
    """Read all files, in order; numbers start at 1 and have no gap."""
    folder = resources.files("serving.control") / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    found = [Migration(int(n[:4]), n, (folder / n).read_text(encoding="utf-8")) for n in names]
    if [one.number for one in found] != list(range(1, len(found) + 1)):
        raise ControlError(f"Migrations are not numbered 1, 2, 3, ...: {names}")
    return found


def migrate(conn: Connection) -> list[str]:
    """Apply what is missing, all or nothing, and return the names applied."""
    with conn.transaction():
        conn.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        conn.execute(_RECORD)
        applied = dict(conn.execute("SELECT number, sha256 FROM migrations").fetchall())
        return [one.name for one in migrations() if _apply(conn, one, applied)]


def _apply(conn: Connection, one: Migration, applied: dict[int, str]) -> bool:
    if one.number in applied:
        if applied[one.number] != one.sha256:
            raise EditedMigration(
                f"{one.name} was applied before and then edited.",
                "Restore the file and write the change as a new migration.",
            )
        return False
    conn.execute(one.sql.encode())
    conn.execute(
        "INSERT INTO migrations (number, name, sha256) VALUES (%s, %s, %s)",
        [one.number, one.name, one.sha256],
    )
    return True


def main() -> int:
    """Migrate the database of HEADWATER_POSTGRES_URL and say what was done."""
    try:
        with connect(control_url()) as conn:
            done = migrate(conn)
    except ControlError as error:
        sys.stderr.write(f"{error} {error.fix}\n".rstrip() + "\n")
        return 1
    sys.stdout.write(f"control plane: {', '.join(done) or 'up to date'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
