"""Which files the export of a person has, what is in each, and how long Headwater keeps it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.lake.persons import Person, person_columns, person_tables
from pipelines.lake.sql import SqlFile, bind, read_sql
from pipelines.lake.trino import Parameter
from pipelines.lake.views import FOLDER as VIEWS
from pipelines.lake.views import comments_of
from schemas.load import TABLES

RECORDINGS: Final = "recordings"
_FOLDER: Final = Path(__file__).parent
# File -> the tables of schema web whose rows are in it. Views show the rows of runs that count,
# no surplus copies, and nobody who was erased. The last one is matched by who paid.
_VIEWS: Final[Mapping[str, tuple[str, ...]]] = {
    "events": ("events",),
    "identity_calls": ("identities",),
    "sessions": ("sessions_closed", "session_progress", "sessions_restated"),
    "visitors": ("visitor_days",),
    "conversions": ("conversions",),
    "friction": ("friction_live", "friction_restated"),
    "touchpoints": ("touchpoints",),
    "attribution": ("attribution",),
    RECORDINGS: ("recording_chunks",),
    "revenue_events": ("revenue_events",),
}
# Tables that no view shows: a statement of this folder reads them.
_STATEMENTS: Final = ("first_seen", "visitor_emails")


@dataclass(frozen=True)
class Part:
    """One file of the archive: `name`.ndjson."""

    name: str
    tables: tuple[str, ...]
    is_view: bool

    @property
    def described(self) -> SqlFile:
        """The view or statement: its header says what a line is and what describes columns."""
        if self.is_view:
            return read_sql(VIEWS / f"{self.name}.sql")
        return read_sql(_FOLDER / f"{self.name}.sql", {"of_person": ""})

    def kept_days(self, recordings: int) -> int | None:
        """Return how many days its rows are kept; None: until the person is erased."""
        if self.name == RECORDINGS:
            return recordings
        days = [TABLES[table].keep_days for table in self.tables]
        known = [one for one in days if one is not None]
        return max(known) if len(known) == len(days) else None

    def comments(self, columns: Iterable[str]) -> Mapping[str, str]:
        """Return what each column means."""
        return comments_of(self.described, columns)

    def statement(self, person: Person, columns: Iterable[str]) -> tuple[str, list[Parameter]]:
        """Return the SELECT of the person's rows; `columns` are those of the view."""
        if not self.is_view:
            columns = person_tables()[self.name]
        of_person = person.holds(person_columns(columns))
        path = _FOLDER / f"{'person_rows' if self.is_view else self.name}.sql"
        names = {"of_person": of_person} | ({"view": self.name} if self.is_view else {})
        return bind(read_sql(path, names).text, person.values())


def parts() -> list[Part]:
    """Return all files that the export of a person may have."""
    views = [Part(name, tables, is_view=True) for name, tables in _VIEWS.items()]
    return views + [Part(name, (name,), is_view=False) for name in _STATEMENTS]
