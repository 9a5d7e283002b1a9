"""Goals of sites: define, change, archive; and ask for the days that they change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from schemas.goals import (
    Goal,
    InvalidCondition,
    SiteGoals,
    checked_goal_id,
    checked_name,
    condition_as_json,
    condition_of,
)
from schemas.load import RULES
from serving.control import restatements
from serving.control.database import Connection
from serving.control.errors import DuplicateGoal, InvalidGoal, UnknownGoal
from serving.control.sites import Site, get_site

_DAY: Final = timedelta(days=1)
_SELECT: Final = (
    "SELECT site_id, goal_id, name, kind, condition, counts_from, counts_until, created_at,"
    " updated_at, archived_at FROM goals"
)


@dataclass(frozen=True)
class SiteGoal:
    """A goal as the control plane keeps it."""

    site_id: str
    goal: Goal
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None


@dataclass(frozen=True)
class Changed:
    """A goal as it is now, and the requests to restate the days that this changes."""

    goal: SiteGoal
    restatement_ids: tuple[int, ...] = ()


def add_goal(
    conn: Connection,
    site_id: str,
    goal_id: str,
    kind: str,
    condition: Mapping[str, Any],
    *,
    now: datetime,
    name: str = "",
    restate_from: date | None = None,
    is_replacing: bool = False,
) -> Changed:
    """Define a goal that counts from the site's today on, or from an earlier day, restated.

    `is_replacing` changes one that is there, archived or not; it then counts from the earlier of
    the two days. Raises InvalidGoal naming the field, DuplicateGoal or UnknownSite.
    """
    site = get_site(conn, site_id)
    first = _first_day(site, now, restate_from)
    row = _checked_row(goal_id, kind, condition, name)
    with conn.transaction():
        _hold(conn, site_id)
        _check_room(conn, site_id, goal_id, is_replacing=is_replacing)
        conn.execute(
            "INSERT INTO goals AS mine (site_id, goal_id, name, kind, condition, counts_from)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (site_id, goal_id) DO UPDATE SET"
            " name = excluded.name, kind = excluded.kind, condition = excluded.condition,"
            " counts_from = least(mine.counts_from, excluded.counts_from), counts_until = NULL,"
            " archived_at = NULL, updated_at = now()",
            [site_id, *row, first],
        )
        asked = _ask(conn, site, now, restate_from, f"goal {goal_id} counts from {first}")
    return Changed(get_goal(conn, site_id, goal_id), asked)


def remove_goal(
    conn: Connection,
    site_id: str,
    goal_id: str,
    *,
    now: datetime,
    restate_from: date | None = None,
) -> Changed:
    """Archive a goal: it counts on no day from the site's today on, or from an earlier one.

    What days before say of it stays. A second time is no error, and never gives it days back.
    Raises InvalidGoal, UnknownGoal or UnknownSite.
    """
    site = get_site(conn, site_id)
    first = _first_day(site, now, restate_from)
    with conn.transaction():
        _hold(conn, site_id)
        found = conn.execute(
            "UPDATE goals SET counts_until = least(counts_until, %s),"
            " archived_at = coalesce(archived_at, %s), updated_at = now()"
            " WHERE site_id = %s AND goal_id = %s",
            [first - _DAY, now, site_id, goal_id],
        )
        if not found.rowcount:
            raise _unknown(site_id, goal_id)
        asked = _ask(conn, site, now, restate_from, f"goal {goal_id} ends before {first}")
    return Changed(get_goal(conn, site_id, goal_id), asked)


def list_goals(conn: Connection, site_id: str | None = None) -> list[SiteGoal]:
    """Return the goals of a site, or of all, archived ones included."""
    return _read(
        conn,
        " WHERE %s::text IS NULL OR site_id = %s ORDER BY site_id, goal_id",
        [site_id, site_id],
    )


def get_goal(conn: Connection, site_id: str, goal_id: str) -> SiteGoal:
    """Return one goal, or raise UnknownGoal."""
    found = _read(conn, " WHERE site_id = %s AND goal_id = %s", [site_id, goal_id])
    if not found:
        raise _unknown(site_id, goal_id)
    return found[0]


def goals_of_site(conn: Connection, site_id: str) -> SiteGoals:
    """Return what a restatement of the site counts, archived goals for the days they had."""
    return goals_among(list_goals(conn, site_id), get_site(conn, site_id))


def goals_among(goals: Iterable[SiteGoal], site: Site) -> SiteGoals:
    """Return those of a site, as a restatement counts them."""
    mine = tuple(one.goal for one in goals if one.site_id == site.site_id)
    return SiteGoals(mine, site.exclude_bots)


def _checked_row(goal_id: str, kind: str, condition: Mapping[str, Any], name: str) -> list[Any]:
    try:
        shape = condition_of(kind, condition)
        slug = checked_goal_id(goal_id)
        return [slug, checked_name(name or slug), kind, Jsonb(condition_as_json(shape))]
    except InvalidCondition as error:
        raise InvalidGoal(error.field, str(error), error.fix) from error


def _hold(conn: Connection, site_id: str) -> None:
    """Let one change of a site's goals follow the other, so that their number holds."""
    conn.execute("SELECT FROM sites WHERE site_id = %s FOR UPDATE", [site_id])


def _check_room(conn: Connection, site_id: str, goal_id: str, *, is_replacing: bool) -> None:
    known = {one.goal.goal_id for one in list_goals(conn, site_id)}
    if goal_id in known and not is_replacing:
        raise DuplicateGoal(
            f"The site has a goal {goal_id!r} already.", "Choose another id, or replace that goal."
        )
    if goal_id not in known and len(known) >= RULES.goals.max_goals:
        raise InvalidGoal(
            "goal_id",
            f"The site has {len(known)} goals, archived ones included.",
            "Replace one of them.",
        )


def _first_day(site: Site, now: datetime, restate_from: date | None) -> date:
    today = _today(site, now)
    if restate_from is not None and restate_from > today:
        raise InvalidGoal(
            "restate_from", f"{restate_from} has not begun.", f"Use {today} or a day before."
        )
    return restate_from or today


def _ask(
    conn: Connection, site: Site, now: datetime, restate_from: date | None, reason: str
) -> tuple[int, ...]:
    """Queue the days from one up to yesterday: each request is switched to at once."""
    days = (_today(site, now) - restate_from).days if restate_from else 0
    dates = [restate_from + _DAY * n for n in range(days)] if restate_from else []
    most = restatements.MAX_DATES
    return tuple(
        restatements.queue(conn, site.site_id, dates[start : start + most], reason)
        for start in range(0, days, most)
    )


def _today(site: Site, now: datetime) -> date:
    return now.astimezone(ZoneInfo(site.timezone)).date()


def _read(conn: Connection, where: str, values: list[Any]) -> list[SiteGoal]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return [_goal(row) for row in cursor.execute(_SELECT + where, values)]


def _goal(row: Mapping[str, Any]) -> SiteGoal:
    return SiteGoal(
        row["site_id"],
        Goal(
            row["goal_id"],
            row["name"],
            row["kind"],
            condition_of(row["kind"], row["condition"]),
            row["counts_from"],
            row["counts_until"],
        ),
        row["created_at"],
        row["updated_at"],
        row["archived_at"],
    )


def _unknown(site_id: str, goal_id: str) -> UnknownGoal:
    return UnknownGoal(
        f"The site {site_id!r} has no goal {goal_id!r}.", f"See `headwater goals list {site_id}`."
    )
