"""Goals of a site: defined, listed and removed by whoever may read its numbers."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from schemas.goals import KINDS, MATCHES, condition_as_json
from serving.control import goals as control_goals
from serving.control.goals import Changed, SiteGoal
from serving.parts import UseCaller, UseParts
from serving.routes.query import ERRORS

router = APIRouter(prefix="/api/v1", tags=["goals"], responses=ERRORS)
_RESTATE = "Local day from which on days are computed again with the change; none if not given."


class GoalRequest(BaseModel):
    """What is to count from the site's today on, or from `restate_from` on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    goal_id: str = Field(examples=["bought"], max_length=63)
    name: str = Field(default="", examples=["Bought something"])
    kind: str = Field(description=f"One of {', '.join(KINDS)}.", examples=["destination"])
    condition: dict[str, Any] = Field(
        description=f"destination: `match` ({', '.join(MATCHES)}) and `path`; event: `event_name`"
        " and `properties` [{name, value}]; duration (seconds) and pages: `at_least`.",
        examples=[{"match": "exact", "path": "/thanks"}],
    )
    restate_from: date | None = Field(default=None, description=_RESTATE)
    is_replacing: bool = Field(default=False, description="Change the goal of that id.")


class GoalInfo(BaseModel):
    """A goal; one that was removed has `counts_until`, the last local day it counts on."""

    goal_id: str
    name: str
    kind: str
    condition: dict[str, Any]
    counts_from: date
    counts_until: date | None
    created_at: datetime
    updated_at: datetime


class Goals(BaseModel):
    """The goals of a site by id, removed ones included."""

    site: str
    goals: list[GoalInfo]


class GoalChanged(BaseModel):
    """The goal as it is now, and the requests to restate the days that this changes."""

    site: str
    goal: GoalInfo
    restatement_ids: list[int]


@router.get("/sites/{site}/goals", operation_id="list_goals")
async def list_goals(site: str, parts: UseParts, caller: UseCaller) -> Goals:
    """List the goals of a site, removed ones included."""
    scope = await parts.scope(caller, site)
    found = await parts.store.call(control_goals.list_goals, scope.site_id)
    return Goals(site=scope.site_id, goals=[_info(one) for one in found])


@router.post("/sites/{site}/goals", status_code=201, operation_id="add_goal")
async def add_goal(
    site: str, wanted: GoalRequest, parts: UseParts, caller: UseCaller
) -> GoalChanged:
    """Define a goal; numbers of a day have it once the day is restated."""
    scope = await parts.scope(caller, site)
    done = await parts.store.call(
        control_goals.add_goal,
        scope.site_id,
        wanted.goal_id,
        wanted.kind,
        wanted.condition,
        now=datetime.now(UTC),
        name=wanted.name,
        restate_from=wanted.restate_from,
        is_replacing=wanted.is_replacing,
    )
    return _changed(done)


@router.delete("/sites/{site}/goals/{goal_id}", operation_id="remove_goal")
async def remove_goal(
    site: str,
    goal_id: str,
    parts: UseParts,
    caller: UseCaller,
    restate_from: Annotated[date | None, Query(description=_RESTATE)] = None,
) -> GoalChanged:
    """Count a goal no more, from the site's today on or from an earlier day; twice is no error."""
    scope = await parts.scope(caller, site)
    done = await parts.store.call(
        control_goals.remove_goal,
        scope.site_id,
        goal_id,
        now=datetime.now(UTC),
        restate_from=restate_from,
    )
    return _changed(done)


def _changed(done: Changed) -> GoalChanged:
    return GoalChanged(
        site=done.goal.site_id,
        goal=_info(done.goal),
        restatement_ids=list(done.restatement_ids),
    )


def _info(one: SiteGoal) -> GoalInfo:
    goal = one.goal
    return GoalInfo(
        goal_id=goal.goal_id,
        name=goal.name,
        kind=goal.kind,
        condition=condition_as_json(goal.condition),
        counts_from=goal.counts_from,
        counts_until=goal.counts_until,
        created_at=one.created_at,
        updated_at=one.updated_at,
    )
