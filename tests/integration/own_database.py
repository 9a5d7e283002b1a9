"""A control plane of its own beside that of a running home: nobody else reads or writes it."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from serving.control import migrate
from serving.control.database import Connection, connect
from tests.integration.stack import Stack


@contextmanager
def own_database(home: Stack) -> Iterator[Connection]:
    """Lend a database that was migrated from nothing; it is gone afterwards."""
    name = f"control_{uuid.uuid4().hex[:8]}"
    with home.postgres("postgres") as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    address = home.environment["HEADWATER_POSTGRES_URL"].rpartition("/")[0]
    with connect(f"{address}/{name}") as own:
        assert migrate.migrate(own) == [one.name for one in migrate.migrations()]
        yield own
    with home.postgres("postgres") as admin:
        admin.execute(f"DROP DATABASE {name}".encode())
