"""Doors to the other rooms: open one for a verb, and say plainly when it does not open."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from cli.context import Context
from cli.errors import CliError, UsageFault

if TYPE_CHECKING:
    from serving.control.database import Connection

# The user that may only read (infra renders its rights into Trino's access control).
READER: Final = "reader"
_START: Final = "See `headwater status`; start everything with `headwater up`."


@dataclass(frozen=True)
class Answer:
    """What Trino said: column names and rows in their order."""

    columns: list[str]
    rows: list[list[Any]]

    def as_dicts(self) -> list[dict[str, Any]]:
        """Return each row by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@contextmanager
def open_control(context: Context) -> Iterator["Connection"]:
    """Lend a connection to the control plane; its refusals become messages of the command."""
    from serving.control import errors
    from serving.control.database import connect

    refused = (
        errors.InvalidField,
        errors.InvalidKey,
        errors.InvalidRestatement,
        errors.InvalidReport,
        errors.InvalidErasure,
    )
    try:
        with connect(context.environment["HEADWATER_POSTGRES_URL"]) as conn:
            yield conn
    except errors.ControlError as error:
        kind = UsageFault if isinstance(error, refused) else CliError
        raise kind(str(error), where=_place("control plane", context), fix=error.fix) from error


@contextmanager
def told_plainly(context: Context) -> Iterator[None]:
    """Turn what is wrong with the lake into a message of the command."""
    from pipelines.lake.errors import LakeError

    try:
        yield
    except LakeError as error:
        raise CliError(
            str(error),
            where=_place("Trino", context),
            fix="See `headwater status`, then give the same command again.",
        ) from error


def ask_trino(context: Context, sql: str, parameters: Sequence[Any] = ()) -> Answer:
    """Run one SELECT as the read-only user. Parameters are bound by Trino, never pasted."""
    import requests
    import trino

    address = urlsplit(context.environment["HEADWATER_TRINO_URL"])
    where = _place("Trino", context)
    try:
        with trino.dbapi.connect(  # type: ignore[no-untyped-call]
            host=address.hostname,
            port=address.port,
            user=READER,
            source="headwater-cli",
            catalog="lake",
            schema="analytics",
            legacy_prepared_statements=False,
        ) as connection:
            cursor = connection.cursor()
            cursor.execute(sql, list(parameters) or None)
            rows = cursor.fetchall()
            return Answer([column[0] for column in cursor.description or []], rows)
    except trino.exceptions.TrinoQueryError as error:
        raise CliError(
            error.message, where=where, fix=f"Mend the statement ({error.error_name})."
        ) from error
    except (requests.exceptions.RequestException, trino.exceptions.Error) as error:
        raise CliError("Trino does not answer.", where=where, fix=_START) from error


def sql_of(name: str) -> str:
    """Return the text of one of this command's own statements, `cli/queries/<name>.sql`."""
    return (resources.files("cli") / "queries" / f"{name}.sql").read_text(encoding="utf-8")


def _place(room: str, context: Context) -> str:
    return f"{room} of home {context.home}"
