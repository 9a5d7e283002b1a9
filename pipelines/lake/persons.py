"""One person of a site as the tables know them: by visitor ids, by a user id."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pipelines.lake.sql import bind
from pipelines.lake.trino import Parameter, Trino
from schemas.load import RECORDS, TABLES

# Columns that say of whom a row is -> the kinds of ids they hold.
_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "visitor_id": ("visitor",),
    "user_id": ("user",),
    "previous_id": ("visitor", "user"),
}


@dataclass(frozen=True)
class Person:
    """Whom a request is about: all visitors that are them alone, and the user they are."""

    site_id: str
    visitor_ids: tuple[str, ...]
    user_id: str | None = None

    @property
    def ids(self) -> dict[str, tuple[str, ...]]:
        """Return the ids by their kind."""
        users = () if self.user_id is None else (self.user_id,)
        return {"visitor": self.visitor_ids, "user": users}

    def values(self) -> dict[str, Parameter]:
        """Return what is bound to the `:names` of `holds`."""
        named = {
            f"{kind}_{number}": one
            for kind, ids in self.ids.items()
            for number, one in enumerate(ids)
        }
        return {"site_id": self.site_id, **named}

    def holds(self, columns: Iterable[str]) -> str:
        """Return the condition, with `:names`, that a row with these columns is of the person.

        Ids stand one by one, so that Iceberg leaves out files by the values they lie between.
        """
        named = {
            kind: [f":{kind}_{number}" for number in range(len(ids))]
            for kind, ids in self.ids.items()
        }
        parts = [
            f"{column} IN ({', '.join(named[kind])})"
            for column in columns
            for kind in _KINDS[column]
            if named[kind]
        ]
        return f"site_id = :site_id AND ({' OR '.join(parts) or 'false'})"


def person_columns(columns: Iterable[str]) -> tuple[str, ...]:
    """Return those of the columns that say of whom a row is."""
    return tuple(column for column in columns if column in _KINDS)


def person_tables() -> dict[str, tuple[str, ...]]:
    """Return the tables whose rows are of a person, with the columns that say of whom.

    Made from schemas/, so that a new table with such a column is none that an erasure misses.
    """
    found: dict[str, tuple[str, ...]] = {}
    for table in TABLES.values():
        columns = person_columns(field.name for field in RECORDS[table.record].fields)
        if columns and table.name != "erasures":
            found[table.name] = columns
    return found


def count_rows(trino: Trino, person: Person) -> dict[str, int]:
    """Return how many rows of each table are of the person; tables without one are left out."""
    parts = [
        f"SELECT '{table}' AS name, count(*) AS n FROM lake.web.{table}"  # noqa: S608
        f" WHERE {person.holds(columns)}"
        for table, columns in person_tables().items()
    ]
    rows = trino.rows(*bind(" UNION ALL ".join(parts), person.values()))
    return {row["name"]: int(row["n"]) for row in rows if row["n"]}
