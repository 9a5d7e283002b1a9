"""Asks Trino: statements with bound parameters in, rows as named tuples of Python values out."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

import requests
import trino.dbapi
import trino.exceptions

from pipelines.lake.errors import LakeUnavailable, QueryFailed

Value = str | int | bool | Decimal | date | datetime | None
Parameter = Value | Sequence[Value]
Row = dict[str, Any]
SOURCE: Final = "headwater-lake"
_ROWS_AT_ONCE: Final = 2_000


@dataclass(frozen=True)
class Column:
    """A column of an answer: its name, and its type in Trino's words, such as decimal(18,4)."""

    name: str
    type: str


@dataclass(frozen=True)
class Stream:
    """An answer as it comes: rows some at a time, values as Trino writes them.

    Numbers and booleans are themselves; decimals, dates, times, NaN and Infinity are text.
    """

    columns: tuple[Column, ...]
    rows: Iterator[list[list[Any]]]


@dataclass(frozen=True)
class Trino:
    """A Trino server as one of its users; every statement is its own transaction."""

    url: str
    user: str = "headwater"

    def rows(self, sql: str, parameters: Sequence[Parameter] = ()) -> list[Row]:
        """Run one statement and return its rows by column name.

        Raises QueryFailed with Trino's reason, LakeUnavailable when it does not answer. A
        statement that writes is one Iceberg commit: after an error it may still have happened.
        """
        with self._asked(sql, parameters) as cursor:
            found = cursor.fetchall()
            names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found]

    @contextmanager
    def stream(self, sql: str, parameters: Sequence[Parameter] = ()) -> Iterator["Stream"]:
        """Lend the rows of one SELECT, some at a time: memory does not grow with their number.

        Raises what `rows` does, in the middle of the rows, too. A statement that is left before
        its end is cancelled.
        """
        with self._asked(sql, parameters, is_raw=True) as cursor:
            columns = [Column(one[0], one[1]) for one in cursor.description or ()]
            try:
                yield Stream(tuple(columns), iter(lambda: cursor.fetchmany(_ROWS_AT_ONCE), []))
            finally:
                with suppress(trino.exceptions.Error, requests.RequestException):
                    cursor.cancel()

    @contextmanager
    def _asked(
        self, sql: str, parameters: Sequence[Parameter], *, is_raw: bool = False
    ) -> Iterator[Any]:
        """Lend a cursor that has begun; what goes wrong with it is told as an error of the lake."""
        address = urlsplit(self.url)
        try:
            with trino.dbapi.connect(  # type: ignore[no-untyped-call]
                host=address.hostname,
                port=address.port,
                user=self.user,
                catalog="lake",
                source=SOURCE,
                legacy_prepared_statements=False,
                legacy_primitive_types=is_raw,
            ) as connection:
                cursor = connection.cursor()
                cursor.execute(sql, list(parameters) or None)
                yield cursor
        except trino.exceptions.TrinoQueryError as error:
            raise QueryFailed(f"Trino ({error.error_name}): {error.message}") from error
        except (trino.exceptions.Error, requests.RequestException) as error:
            raise LakeUnavailable(
                f"Trino does not answer at {self.url}. See `headwater status`."
            ) from error

    def write(self, sql: str, parameters: Sequence[Parameter] = ()) -> int:
        """Run one INSERT or DELETE and return how many rows it touched.

        0 where Trino does not tell: it may drop whole partitions without having counted them.
        """
        (row,) = self.rows(sql, parameters)
        return int(row["rows"] or 0)
