"""Files with a site's own rows: ask for one, look how far it is, fetch it."""

from datetime import date, datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import FileResponse

from schemas.exports import Format
from schemas.load import DAY_COLUMNS, RULES
from serving.control import exports
from serving.control.exports import ExportJob
from serving.errors import NotDone, NotFound
from serving.parts import UseCaller, UseParts
from serving.routes.query import ERRORS

router = APIRouter(prefix="/api/v1", tags=["exports"], responses=ERRORS)
_MEDIA: Final = {
    Format.PARQUET: "application/vnd.apache.parquet",
    Format.CSV: "text/csv; charset=utf-8",
    Format.JSON: "application/x-ndjson",
}
_Id = Annotated[str, Path(max_length=40)]


class ExportRequest(BaseModel):
    """Which rows to write, and how. Days are the site's own, both included."""

    model_config = ConfigDict(extra="forbid")
    table: str = Field(description=f"One of {', '.join(DAY_COLUMNS)}.", examples=["events"])
    first: date | None = Field(
        default=None, alias="from", description="First day; none for rows of no day, as in `users`."
    )
    last: date | None = Field(default=None, alias="to", description="Last day.")
    form: Format = Field(
        default=Format.PARQUET, alias="format", description="json: one object a line."
    )


class ExportStatus(BaseModel):
    """How far a file is: queued, running, done (`rows`, `bytes`) or failed (`error` says why)."""

    model_config = ConfigDict(populate_by_name=True)
    export_id: str
    site: str
    table: str
    first: date | None = Field(alias="from")
    last: date | None = Field(alias="to")
    form: Format = Field(alias="format")
    status: Literal["queued", "running", "done", "failed"]
    rows: int | None
    bytes: int | None
    error: str | None
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    kept_until: datetime = Field(description=f"{RULES.exports.keep_days} days after the request.")


class Exports(BaseModel):
    """The files of a site that are kept, newest first."""

    site: str
    exports: list[ExportStatus]


@router.post("/sites/{site}/exports", status_code=202, operation_id="request_export")
async def request_export(
    site: str, wanted: ExportRequest, parts: UseParts, caller: UseCaller
) -> ExportStatus:
    """Ask for a file with rows of the site; look at the answer's id for how far it is."""
    scope = await parts.scope(caller, site)
    asked = (wanted.table, wanted.first, wanted.last, wanted.form)
    return _status(await parts.store.call(exports.request, scope.site_id, *asked))


@router.get("/sites/{site}/exports", operation_id="list_exports")
async def list_exports(site: str, parts: UseParts, caller: UseCaller) -> Exports:
    """List the files of the site that are kept, and those that wait."""
    scope = await parts.scope(caller, site)
    found = await parts.store.call(exports.of_site, scope.site_id)
    return Exports(site=scope.site_id, exports=[_status(job) for job in found])


@router.get("/sites/{site}/exports/{export_id}", operation_id="export")
async def export(site: str, export_id: _Id, parts: UseParts, caller: UseCaller) -> ExportStatus:
    """Say how far a file is."""
    scope = await parts.scope(caller, site)
    return _status(await parts.store.call(exports.get, scope.site_id, export_id))


@router.get(
    "/sites/{site}/exports/{export_id}/file",
    operation_id="export_file",
    response_class=FileResponse,
    responses={200: {"content": {media.split(";")[0]: {} for media in _MEDIA.values()}}},
)
async def export_file(
    site: str, export_id: _Id, parts: UseParts, caller: UseCaller
) -> FileResponse:
    """Send the file, streamed; 409 unless the export is done."""
    scope = await parts.scope(caller, site)
    job = await parts.store.call(exports.get, scope.site_id, export_id)
    if job.status != "done":
        raise NotDone(f"The export is {job.status}{f': {job.error}' if job.error else ''}.")
    path = parts.config.exports and parts.config.exports / job.file_name
    if path is None or not path.is_file():
        raise NotFound("The file is kept no longer; ask for it again.")
    headers = {"Cache-Control": "no-store"}
    return FileResponse(path, 200, headers, _MEDIA[Format(job.format)], filename=_name(job))


def _name(job: ExportJob) -> str:
    days = f"-{job.first_date}-{job.last_date}" if job.first_date else ""
    return f"{job.site_id}-{job.view_name}{days}.{job.format}"


def _status(job: ExportJob) -> ExportStatus:
    days = {"from": job.first_date, "to": job.last_date}
    done = {"rows": job.row_count, "bytes": job.file_bytes}
    same = ("export_id", "format", "status", "error", "requested_at", "started_at", "finished_at")
    told = {name: getattr(job, name) for name in (*same, "kept_until")}
    return ExportStatus.model_validate(
        {"site": job.site_id, "table": job.view_name, **days, **done, **told}
    )
