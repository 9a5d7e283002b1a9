"""What is unlike before in the events of closed days."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from schemas.load import RULES
from serving.errors import query_error
from serving.parts import UseCaller, UseParts
from serving.query.files import read_query
from serving.query.sql import Statement, sql
from serving.routes.query import ERRORS

router = APIRouter(prefix="/api/v1", tags=["quality"], responses=ERRORS)
_WEEK: Final = timedelta(days=7)
_From = Annotated[date | None, Query(alias="from", description="First local date.")]
_To = Annotated[date | None, Query(alias="to", description="Last local date; today if not given.")]


class Finding(BaseModel):
    """Something that somebody should look at."""

    local_date: date
    event_name: str
    property_name: str | None = Field(description="None if it is about the events themselves.")
    finding: str = Field(description=f"One of {', '.join(RULES.quality.findings)}.")
    found: float = Field(description="Events, or a share of them, that day.")
    usual: float = Field(description="The same on that weekday before; of a share, its limit.")
    says: str


class Findings(BaseModel):
    """What was found, newest day first; nothing is held back because of it."""

    site: str
    findings: list[Finding]


@router.get("/sites/{site}/quality", operation_id="quality")
async def quality(
    site: str, parts: UseParts, caller: UseCaller, first: _From = None, last: _To = None
) -> Findings:
    """Tell what is unlike before in the events of a site's closed days, of a week by default."""
    scope = await parts.scope(caller, site)
    last = last or datetime.now(UTC).date() + timedelta(days=1)  # already tomorrow in the east
    first = first or last - _WEEK
    if last < first:
        raise query_error(("to",), "It lies before `from`.", "Exchange the two.")
    statement = Statement(scope.site_id, sql(read_query("quality"), scope.site_id, first, last))
    rows = await parts.lake.rows(statement, scope)
    names = ("local_date", "event_name", "property_name", "finding", "found", "usual")
    told = [dict(zip(names, row, strict=True)) for row in rows]
    says = RULES.quality.findings
    return Findings(
        site=scope.site_id,
        findings=[Finding.model_validate({**row, "says": says[row["finding"]]}) for row in told],
    )
