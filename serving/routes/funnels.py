"""How far visitors come in a funnel: asked as it stands, or kept by a site and asked again."""

from datetime import date, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from schemas.load import RULES
from serving.control import funnels as control_funnels
from serving.control.funnels import SavedFunnel
from serving.funnels import Funnel
from serving.parts import Parts, UseCaller, UseParts
from serving.query import periods
from serving.query.funnel import BREAKDOWNS, FunnelAsk, Order
from serving.query.funnel_request import ExclusionRequest, FunnelDefinition, StepRequest, ask_of
from serving.routes.query import ERRORS
from serving.scope import SiteScope

router = APIRouter(prefix="/api/v1", tags=["funnels"], responses=ERRORS)
_LIMITS: Final = RULES.funnels
_FROM: Final = "First local date."
_TO: Final = "Last local date; today if not given."
_BREAKDOWN: Final = f"A property of a try's first event: {', '.join(sorted(BREAKDOWNS))}."
_VALUES: Final = "Values of a breakdown told by name; all others are one."
_Id = Annotated[str, Path(max_length=63)]
_From = Annotated[date | None, Query(alias="from", description=_FROM)]
_To = Annotated[date | None, Query(alias="to", description=_TO)]
_Breakdown = Annotated[str | None, Query(max_length=200, description=_BREAKDOWN)]
_Values = Annotated[int, Query(ge=1, le=_LIMITS.max_values, description=_VALUES)]


class FunnelRequest(FunnelDefinition):
    """A funnel, and the local dates on which tries begin that count."""

    first: date | None = Field(default=None, alias="from", description=_FROM)
    last: date | None = Field(default=None, alias="to", description=_TO)
    breakdown: str | None = Field(default=None, description=_BREAKDOWN)
    values: int = Field(default=_LIMITS.values, ge=1, le=_LIMITS.max_values, description=_VALUES)


class SavedFunnelRequest(FunnelDefinition):
    """A funnel to keep, to be asked again by its id."""

    funnel_id: str = Field(examples=["sign-up"], max_length=63)
    name: str = Field(default="", examples=["From the prices to a paid plan"])
    is_replacing: bool = Field(default=False, description="Change the funnel of that id.")


class FunnelInfo(BaseModel):
    """A funnel that a site keeps."""

    funnel_id: str
    name: str
    steps: list[StepRequest]
    order: Order
    window_seconds: int
    exclusions: list[ExclusionRequest]
    created_at: datetime
    updated_at: datetime


class SavedFunnels(BaseModel):
    """The funnels of a site by id."""

    site: str
    funnels: list[FunnelInfo]


@router.post("/sites/{site}/funnels/ask", operation_id="funnel")
async def ask_funnel(
    site: str, request: FunnelRequest, parts: UseParts, caller: UseCaller
) -> Funnel:
    """Tell how many visitors come to each step of a funnel, and how long it takes them.

    Tries that begin in the range count, of a week by default; their other steps may lie up to
    a window later. A visitor counts once at each step that any of their tries comes to.
    """
    scope = await parts.scope(caller, site)
    ask = ask_of(request, request.breakdown, request.values)
    return await _answer(parts, scope, ask, request.first, request.last)


@router.get("/sites/{site}/funnels/{funnel_id}/ask", operation_id="saved_funnel")
async def ask_saved_funnel(
    site: str,
    funnel_id: _Id,
    parts: UseParts,
    caller: UseCaller,
    first: _From = None,
    last: _To = None,
    breakdown: _Breakdown = None,
    values: _Values = _LIMITS.values,
) -> Funnel:
    """Tell the same of a funnel that the site keeps, as it is defined now, for any dates."""
    scope = await parts.scope(caller, site)
    kept = await parts.store.call(control_funnels.get, scope.site_id, funnel_id)
    ask = ask_of(control_funnels.definition_of(kept.definition), breakdown, values)
    return await _answer(parts, scope, ask, first, last)


@router.get("/sites/{site}/funnels", operation_id="list_funnels")
async def list_funnels(site: str, parts: UseParts, caller: UseCaller) -> SavedFunnels:
    """List the funnels that a site keeps."""
    scope = await parts.scope(caller, site)
    found = await parts.store.call(control_funnels.of_site, scope.site_id)
    return SavedFunnels(site=scope.site_id, funnels=[_info(one) for one in found])


@router.post("/sites/{site}/funnels", status_code=201, operation_id="add_funnel")
async def add_funnel(
    site: str, wanted: SavedFunnelRequest, parts: UseParts, caller: UseCaller
) -> FunnelInfo:
    """Keep a funnel; what it tells is asked of all history, so no day has to be restated."""
    scope = await parts.scope(caller, site)
    made = await parts.store.call(
        control_funnels.add,
        scope.site_id,
        wanted.funnel_id,
        wanted.as_json(),
        name=wanted.name,
        is_replacing=wanted.is_replacing,
    )
    return _info(made)


@router.delete("/sites/{site}/funnels/{funnel_id}", operation_id="remove_funnel")
async def remove_funnel(
    site: str, funnel_id: _Id, parts: UseParts, caller: UseCaller
) -> FunnelInfo:
    """Keep a funnel no longer, and tell what it was."""
    scope = await parts.scope(caller, site)
    return _info(await parts.store.call(control_funnels.remove, scope.site_id, funnel_id))


async def _answer(
    parts: Parts, scope: SiteScope, ask: FunnelAsk, first: date | None, last: date | None
) -> Funnel:
    days = periods.days_asked(first, last, parts.funnels.today(scope))
    return await parts.funnels.of(scope, ask, *days)


def _info(one: SavedFunnel) -> FunnelInfo:
    return FunnelInfo(
        funnel_id=one.funnel_id,
        name=one.name,
        created_at=one.created_at,
        updated_at=one.updated_at,
        **one.definition,
    )
