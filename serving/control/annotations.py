"""Annotations: notes that people keep on a site's dates and moments, for whoever reads its numbers.

A note on dates stays on those dates when the site's zone changes, one on a moment at its moment.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from psycopg.rows import class_row

from schemas.goals import InvalidCondition, checked_text
from schemas.load import RULES
from serving.control.database import Connection
from serving.control.errors import InvalidAnnotation, UnknownAnnotation
from serving.control.sites import get_site
from serving.query.periods import FIRST_YEAR, LAST_YEAR, midnight

_SELECT: Final = (
    "SELECT annotation_id, site_id, first_date, last_date, noted_at, text, created_at, created_by,"
    " updated_at, updated_by FROM annotations WHERE site_id = %s"
)
_DAY: Final = timedelta(days=1)
EVER: Final = (date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31))


@dataclass(frozen=True)
class Note:
    """What somebody writes: on a local date, on those from `first` to `last`, or on a moment."""

    text: str
    first: date | None = None
    last: date | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class Annotation:
    """A note as the control plane keeps it; who wrote it is a key's id or the name of a door."""

    annotation_id: str
    site_id: str
    first_date: date | None
    last_date: date | None
    noted_at: datetime | None
    text: str
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str

    def days(self, zone: ZoneInfo) -> tuple[date, date]:
        """Return the first and the last local date that it is about."""
        if self.first_date is not None and self.last_date is not None:
            return self.first_date, self.last_date
        day = (self.noted_at or self.created_at).astimezone(zone).date()
        return day, day


def add(conn: Connection, site_id: str, note: Note, by: str) -> Annotation:
    """Keep a note; raises InvalidAnnotation naming the field, or UnknownSite."""
    row = _checked_row(note, get_site(conn, site_id).timezone)
    annotation_id = f"ann_{secrets.token_hex(8)}"
    with conn.transaction():
        conn.execute("SELECT FROM sites WHERE site_id = %s FOR UPDATE", [site_id])
        _check_room(conn, site_id)
        conn.execute(
            "INSERT INTO annotations (annotation_id, site_id, first_date, last_date, noted_at,"
            " text, created_by, updated_by) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [annotation_id, site_id, *row, by, by],
        )
    return get(conn, site_id, annotation_id)


def change(conn: Connection, site_id: str, annotation_id: str, note: Note, by: str) -> Annotation:
    """Write a note anew; raises InvalidAnnotation, UnknownAnnotation or UnknownSite."""
    row = _checked_row(note, get_site(conn, site_id).timezone)
    conn.execute(
        "UPDATE annotations SET first_date = %s, last_date = %s, noted_at = %s, text = %s,"
        " updated_by = %s, updated_at = now() WHERE site_id = %s AND annotation_id = %s",
        [*row, by, site_id, annotation_id],
    )
    return get(conn, site_id, annotation_id)


def remove(conn: Connection, site_id: str, annotation_id: str) -> Annotation:
    """Forget a note and return what it was; raises UnknownAnnotation."""
    found = get(conn, site_id, annotation_id)
    conn.execute(
        "DELETE FROM annotations WHERE site_id = %s AND annotation_id = %s",
        [site_id, annotation_id],
    )
    return found


def get(conn: Connection, site_id: str, annotation_id: str) -> Annotation:
    """Return one note of a site, or raise UnknownAnnotation."""
    with conn.cursor(row_factory=class_row(Annotation)) as cursor:
        found = cursor.execute(
            _SELECT + " AND annotation_id = %s", [site_id, annotation_id]
        ).fetchone()
    if found is None:
        raise UnknownAnnotation(
            f"The site {site_id!r} has no annotation {annotation_id!r}.",
            "The list of its annotations has their ids.",
        )
    return found


def of_site(
    conn: Connection, site_id: str, first: date = EVER[0], last: date = EVER[1]
) -> list[Annotation]:
    """Return the notes about a local date of a range by date, of a date whole days first."""
    zone = get_site(conn, site_id).timezone
    with conn.cursor(row_factory=class_row(Annotation)) as cursor:
        found = cursor.execute(
            _SELECT + " AND ((first_date <= %s AND last_date >= %s)"
            " OR (noted_at >= %s AND noted_at < %s))"
            " ORDER BY noted_at NULLS FIRST, created_at, annotation_id",
            [site_id, last, first, midnight(first, zone), midnight(last + _DAY, zone)],
        ).fetchall()
    return sorted(found, key=lambda one: one.days(ZoneInfo(zone))[0])


def _checked_row(note: Note, zone: str) -> list[Any]:
    try:
        text = checked_text("text", note.text.strip(), RULES.annotations.text_length)
    except InvalidCondition as error:
        raise InvalidAnnotation(error.field, str(error), error.fix) from error
    _check_time(note)
    for field, day in (("date", note.first), ("until", note.last), ("at", note.at)):
        if day is not None:
            _check_year(field, day, zone)
    return [note.first, note.last or note.first, note.at, text]


def _check_time(note: Note) -> None:
    if (note.first is None) == (note.at is None):
        raise InvalidAnnotation(
            "date", "A note is about a date or about a moment.", "Give either `date` or `at`."
        )
    if note.last is not None and note.first is None:
        raise InvalidAnnotation("until", "A moment does not last.", "Leave it out, or give `date`.")
    if note.first and note.last and note.last < note.first:
        raise InvalidAnnotation("until", "It lies before `date`.", "Exchange the two.")


def _check_year(field: str, day: date, zone: str) -> None:
    """Refuse what no range of dates reaches; of a moment the local date counts."""
    years = {day.year}
    if isinstance(day, datetime) and FIRST_YEAR <= day.year <= LAST_YEAR:
        years.add(day.astimezone(ZoneInfo(zone)).year)
    if min(years) < FIRST_YEAR or max(years) > LAST_YEAR:
        raise InvalidAnnotation(
            field, f"{day} is too far away.", f"Use the years {FIRST_YEAR} to {LAST_YEAR}."
        )


def _check_room(conn: Connection, site_id: str) -> None:
    row = conn.execute("SELECT count(*) FROM annotations WHERE site_id = %s", [site_id]).fetchone()
    if row is not None and row[0] >= RULES.annotations.max_annotations:
        raise InvalidAnnotation(
            "site", f"The site has {row[0]} annotations.", "Remove some of them."
        )
