"""Asks Trino: statements with bound parameters in, rows as named tuples of Python values out."""

from collections.abc import Sequence
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
        address = urlsplit(self.url)
        try:
            with trino.dbapi.connect(  # type: ignore[no-untyped-call]
                host=address.hostname,
                port=address.port,
                user=self.user,
                catalog="lake",
                source=SOURCE,
                legacy_prepared_statements=False,
            ) as connection:
                cursor = connection.cursor()
                cursor.execute(sql, list(parameters) or None)
                found = cursor.fetchall()
                names = [column[0] for column in cursor.description or ()]
        except trino.exceptions.TrinoQueryError as error:
            raise QueryFailed(f"Trino ({error.error_name}): {error.message}") from error
        except (trino.exceptions.Error, requests.RequestException) as error:
            raise LakeUnavailable(
                f"Trino does not answer at {self.url}. See `headwater status`."
            ) from error
        return [dict(zip(names, row, strict=True)) for row in found]

    def write(self, sql: str, parameters: Sequence[Parameter] = ()) -> int:
        """Run one INSERT or DELETE and return how many rows it touched.

        0 where Trino does not tell: it may drop whole partitions without having counted them.
        """
        (row,) = self.rows(sql, parameters)
        return int(row["rows"] or 0)
