"""Exports: what may be asked for, by a command or over the API."""

from datetime import date
from enum import StrEnum

from schemas.load import DAY_COLUMNS


class Format(StrEnum):
    """How the rows are written."""

    PARQUET = "parquet"
    CSV = "csv"
    JSON = "json"  # one object a line


class NoExport(ValueError):
    """What was asked for is no export: `field` says where, `str(error)` why, `fix` what to do."""

    def __init__(self, field: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.field = field
        self.fix = fix


def check_export(table: str, first: date | None, last: date | None) -> None:
    """Raise NoExport unless it is a view that may be taken away, with days if its rows have any."""
    if table not in DAY_COLUMNS:
        known = ", ".join(DAY_COLUMNS)
        raise NoExport("table", f"No table {table!r} to export.", f"Tables: {known}.")
    if DAY_COLUMNS[table] is None:
        if first or last:
            told = f"Rows of {table} are of no day."
            raise NoExport("from", told, "Leave the days out to get all of them.")
    elif first is None or last is None:
        missing = "from" if first is None else "to"
        raise NoExport(missing, f"{table} is exported by days.", "Give the first and the last day.")
    elif last < first:
        raise NoExport("to", "The last day lies before the first.", "Exchange the two.")
