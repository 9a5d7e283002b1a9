"""Funnels that sites keep: a definition under an id, checked like one that is asked at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from schemas.goals import InvalidCondition, checked_name, checked_slug
from schemas.load import RULES
from serving.control.database import Connection
from serving.control.errors import DuplicateFunnel, InvalidFunnel, UnknownFunnel
from serving.control.sites import get_site
from serving.errors import QueryError
from serving.query.funnel_request import FunnelDefinition, ask_of

_SELECT: Final = (
    "SELECT site_id, funnel_id, name, definition, created_at, updated_at FROM funnels"
    " WHERE site_id = %s"
)


@dataclass(frozen=True)
class SavedFunnel:
    """A funnel as the control plane keeps it; `definition` is what `definition_of` reads."""

    site_id: str
    funnel_id: str
    name: str
    definition: dict[str, Any]
    created_at: datetime
    updated_at: datetime


def add(
    conn: Connection,
    site_id: str,
    funnel_id: str,
    definition: Mapping[str, Any],
    *,
    name: str = "",
    is_replacing: bool = False,
) -> SavedFunnel:
    """Keep a funnel; `is_replacing` changes one that is there.

    Raises InvalidFunnel naming the place, DuplicateFunnel or UnknownSite.
    """
    get_site(conn, site_id)
    row = [*_checked_names(funnel_id, name), Jsonb(definition_of(definition).as_json())]
    with conn.transaction():
        conn.execute("SELECT FROM sites WHERE site_id = %s FOR UPDATE", [site_id])
        _check_room(conn, site_id, funnel_id, is_replacing=is_replacing)
        conn.execute(
            "INSERT INTO funnels (site_id, funnel_id, name, definition) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (site_id, funnel_id) DO UPDATE SET name = excluded.name,"
            " definition = excluded.definition, updated_at = now()",
            [site_id, *row],
        )
    return get(conn, site_id, funnel_id)


def remove(conn: Connection, site_id: str, funnel_id: str) -> SavedFunnel:
    """Keep a funnel no longer and return what it was; raises UnknownFunnel."""
    found = get(conn, site_id, funnel_id)
    conn.execute("DELETE FROM funnels WHERE site_id = %s AND funnel_id = %s", [site_id, funnel_id])
    return found


def get(conn: Connection, site_id: str, funnel_id: str) -> SavedFunnel:
    """Return one funnel of a site, or raise UnknownFunnel."""
    with conn.cursor(row_factory=class_row(SavedFunnel)) as cursor:
        found = cursor.execute(_SELECT + " AND funnel_id = %s", [site_id, funnel_id]).fetchone()
    if found is None:
        raise UnknownFunnel(
            f"The site {site_id!r} has no funnel {funnel_id!r}.",
            "The list of its funnels has their ids.",
        )
    return found


def of_site(conn: Connection, site_id: str) -> list[SavedFunnel]:
    """Return the funnels of a site by id."""
    with conn.cursor(row_factory=class_row(SavedFunnel)) as cursor:
        return cursor.execute(_SELECT + " ORDER BY funnel_id", [site_id]).fetchall()


def definition_of(given: Mapping[str, Any]) -> FunnelDefinition:
    """Read a definition; raises InvalidFunnel for one that could not be asked as it stands.

    One that was kept is read like one that comes: limits may have changed since.
    """
    try:
        found = FunnelDefinition.model_validate(given)
        ask_of(found)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidFunnel(first["loc"], f"{first['msg']}.") from error
    except QueryError as error:
        (fault,) = error.faults
        raise InvalidFunnel(fault.loc, fault.msg, fault.fix) from error
    return found


def _checked_names(funnel_id: str, name: str) -> tuple[str, str]:
    try:
        slug = checked_slug("funnel", funnel_id)
        return slug, checked_name(name or slug)
    except InvalidCondition as error:
        raise InvalidFunnel((error.field,), str(error), error.fix) from error


def _check_room(conn: Connection, site_id: str, funnel_id: str, *, is_replacing: bool) -> None:
    known = {one.funnel_id for one in of_site(conn, site_id)}
    if funnel_id in known and not is_replacing:
        raise DuplicateFunnel(
            f"The site has a funnel {funnel_id!r} already.",
            "Choose another id, or replace that funnel.",
        )
    if funnel_id not in known and len(known) >= RULES.funnels.max_funnels:
        raise InvalidFunnel(
            ("funnel_id",), f"The site has {len(known)} funnels.", "Replace or remove one of them."
        )
