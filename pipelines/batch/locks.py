"""One restatement of a site at a time: an advisory lock in the control plane's Postgres."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from pipelines.lake.errors import LakeUnavailable


@contextmanager
def site_lock(control_url: str, site_id: str) -> Iterator[None]:
    """Wait for the one right to restate a site; a process that dies gives it back.

    Raises LakeUnavailable when Postgres does not answer.
    """
    try:
        connection = psycopg.connect(control_url, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        raise LakeUnavailable(
            "The control plane's Postgres does not answer. See `headwater status`."
        ) from error
    with connection:
        connection.execute(
            "SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"restate {site_id}"]
        )
        yield
