"""Which way visitors walk."""

from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Query

from schemas.load import RULES
from serving.parts import UseCaller, UseParts
from serving.paths import Direction, Paths, PathsAsk
from serving.query import periods
from serving.routes.query import ERRORS

router = APIRouter(prefix="/api/v1", tags=["paths"], responses=ERRORS)
_MAX_PAGES: Final = RULES.paths.pages_per_step
_From = Annotated[date | None, Query(alias="from", description="First local date.")]
_To = Annotated[date | None, Query(alias="to", description="Last local date; today if not given.")]
_Page = Annotated[
    str | None,
    Query(
        max_length=2_000,
        description="Path of the page that walks begin with; without it they begin with the "
        "first page of a session, or backward with the last one.",
    ),
]
_Steps = Annotated[
    int, Query(ge=1, le=RULES.paths.max_steps, description="Pages of a walk that are told.")
]
_Pages = Annotated[
    int, Query(ge=1, le=_MAX_PAGES, description="Pages of a step that are told by name.")
]
_Channel = Annotated[str | None, Query(max_length=200, description="Channel of the session.")]
_Device = Annotated[str | None, Query(max_length=200, description="Device of the session.")]


@router.get("/sites/{site}/paths", operation_id="paths")
async def paths(
    site: str,
    parts: UseParts,
    caller: UseCaller,
    first: _From = None,
    last: _To = None,
    direction: Direction = "forward",
    page: _Page = None,
    steps: _Steps = 5,
    pages: _Pages = 10,
    channel: _Channel = None,
    device: _Device = None,
) -> Paths:
    """Tell how sessions walk through pages: onwards from a page, or back from it.

    Sessions begun in the range count, of a week by default, open ones as far as they have
    come. `(exit)` is where they drop off, `(other)` the tail of a step, `(more)` what lies
    beyond the last step asked for.
    """
    scope = await parts.scope(caller, site)
    first, last = periods.days_asked(first, last, parts.paths.today(scope))
    ask = PathsAsk(first, last, direction, page, steps, pages, channel, device)
    return await parts.paths.of(scope, ask)
