"""Opens the control plane's database."""

from typing import Any

import psycopg

from serving.control.errors import ControlUnavailable

Connection = psycopg.Connection[Any]


def connect(url: str, timeout_seconds: int = 5) -> Connection:
    """Open a connection that commits every statement by itself.

    Every function of this package is one statement or one `transaction()` block, so a
    retry after an error repeats nothing. Raises ControlUnavailable when Postgres is away.
    """
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=timeout_seconds)
    except psycopg.OperationalError as error:
        raise ControlUnavailable(
            f"The control plane's Postgres does not answer: {first_line(error)}",
            "See `headwater status`; start it with `headwater up`.",
        ) from error


def first_line(error: Exception) -> str:
    """Cut an error of the driver to what fits a sentence."""
    return str(error).strip().split("\n", 1)[0]
