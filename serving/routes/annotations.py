"""Annotations of a site: notes on its dates and moments, kept by whoever may read its numbers."""

from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from schemas.load import RULES
from serving.control import annotations
from serving.control.annotations import EVER, Annotation, Note
from serving.parts import UseCaller, UseParts
from serving.query import periods
from serving.routes.query import ERRORS
from serving.scope import SiteScope

router = APIRouter(prefix="/api/v1", tags=["annotations"], responses=ERRORS)
_Id = Annotated[str, Path(max_length=40)]
_From = Annotated[
    date | None, Query(alias="from", description="First local date; the first ever if not given.")
]
_To = Annotated[
    date | None, Query(alias="to", description="Last local date; the last ever if not given.")
]


class AnnotationRequest(BaseModel):
    """A note on a local date, on the dates until another one, or on a moment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field(
        description=f"{RULES.annotations.text_length} characters at most.",
        examples=["Autumn sale begins"],
    )
    first: date | None = Field(
        default=None, alias="date", description="Local date; it may lie ahead.",
        examples=["2026-03-10"],
    )  # fmt: skip
    last: date | None = Field(
        default=None, alias="until", description="Last local date, for a note on several."
    )
    at: AwareDatetime | None = Field(
        default=None, description="The moment, with its offset, instead of `date`."
    )

    def note(self) -> Note:
        """Return what is to be kept."""
        return Note(self.text, self.first, self.last, self.at)


class AnnotationInfo(BaseModel):
    """A note; `at` is null for one on whole days, and has the offset of the site's zone."""

    annotation_id: str
    text: str
    first: date = Field(alias="date", description="The local date it is about, or the first one.")
    last: date = Field(alias="until", description="The last one; `date` again if there is one.")
    at: datetime | None
    created_at: datetime
    created_by: str = Field(
        description="Id of a key, `page` (a signed-in browser) or `command line`."
    )
    updated_at: datetime
    updated_by: str


class Annotations(BaseModel):
    """Notes by date; of a date those on whole days first, then by their moments."""

    site: str
    annotations: list[AnnotationInfo]


@router.get("/sites/{site}/annotations", operation_id="list_annotations")
async def list_annotations(
    site: str, parts: UseParts, caller: UseCaller, first: _From = None, last: _To = None
) -> Annotations:
    """List the notes on dates of a range, and those that reach into it."""
    scope = await parts.scope(caller, site)
    days = periods.days_asked(first or EVER[0], last or EVER[1], EVER[1])
    found = await parts.store.call(annotations.of_site, scope.site_id, *days)
    return Annotations(site=scope.site_id, annotations=[_info(one, scope) for one in found])


@router.post("/sites/{site}/annotations", status_code=201, operation_id="add_annotation")
async def add_annotation(
    site: str, wanted: AnnotationRequest, parts: UseParts, caller: UseCaller
) -> AnnotationInfo:
    """Keep a note on a local date, on several, or on a moment."""
    scope = await parts.scope(caller, site)
    made = await parts.store.call(annotations.add, scope.site_id, wanted.note(), caller.name)
    return _info(made, scope)


@router.put("/sites/{site}/annotations/{annotation_id}", operation_id="change_annotation")
async def change_annotation(
    site: str, annotation_id: _Id, wanted: AnnotationRequest, parts: UseParts, caller: UseCaller
) -> AnnotationInfo:
    """Write a note anew: what is not given is left out."""
    scope = await parts.scope(caller, site)
    asked = (scope.site_id, annotation_id, wanted.note(), caller.name)
    return _info(await parts.store.call(annotations.change, *asked), scope)


@router.delete("/sites/{site}/annotations/{annotation_id}", operation_id="remove_annotation")
async def remove_annotation(
    site: str, annotation_id: _Id, parts: UseParts, caller: UseCaller
) -> AnnotationInfo:
    """Forget a note, and tell what it was."""
    scope = await parts.scope(caller, site)
    return _info(await parts.store.call(annotations.remove, scope.site_id, annotation_id), scope)


def _info(one: Annotation, scope: SiteScope) -> AnnotationInfo:
    zone = ZoneInfo(scope.timezone)
    first, last = one.days(zone)
    at = one.noted_at.astimezone(zone) if one.noted_at else None
    same = ("annotation_id", "text", "created_at", "created_by", "updated_at", "updated_by")
    told = {name: getattr(one, name) for name in same}
    return AnnotationInfo.model_validate({"date": first, "until": last, "at": at, **told})
