"""Sites, their live view, the dictionary of names, restatements."""

from fastapi import APIRouter

from schemas.load import DIMENSIONS, KEYED, METRICS
from serving.control import restatements
from serving.control import sites as control_sites
from serving.control.restatements import Restatement
from serving.control.sites import Site
from serving.errors import NotFound
from serving.parts import UseCaller, UseParts
from serving.query.filters import OPS
from serving.query.periods import NAMES, UNITS
from serving.query.schemas import (
    Dictionary,
    DimensionInfo,
    MetricInfo,
    Realtime,
    RestatementRequest,
    RestatementStatus,
    SiteInfo,
    Sites,
)
from serving.routes.query import ERRORS
from serving.scope import readable

router = APIRouter(prefix="/api/v1", responses=ERRORS)


@router.get("/sites", operation_id="list_sites", tags=["sites"])
async def list_sites(parts: UseParts, caller: UseCaller) -> Sites:
    """List the sites that the caller may read: a key's own, or all of them."""
    found = await parts.store.call(control_sites.list_sites)
    return Sites(sites=[_info(site) for site in readable(caller, found)])


def _info(site: Site) -> SiteInfo:
    return SiteInfo(
        site=site.site_id,
        name=site.name,
        timezone=site.timezone,
        exclude_bots=site.exclude_bots,
        created_at=site.created_at,
    )


@router.get("/sites/{site}/realtime", operation_id="realtime", tags=["sites"])
async def realtime(site: str, parts: UseParts, caller: UseCaller) -> Realtime:
    """Say who is on a site: the last 5 and 30 minutes, by minute, and the most seen."""
    return await parts.live.of(await parts.scope(caller, site))


@router.get("/metrics", operation_id="dictionary", tags=["query"])
async def dictionary(caller: UseCaller) -> Dictionary:
    """List all names that a question may use, each with its definition."""
    return Dictionary(
        metrics=[
            MetricInfo(
                name=metric.name,
                label=metric.label,
                definition=metric.definition,
                unit=metric.unit,
                sources=[f"analytics.{view}" for view in metric.views],
            )
            for metric in METRICS.values()
        ],
        dimensions=[
            DimensionInfo(
                name=dimension.written,
                label=dimension.label,
                definition=dimension.definition,
                sources=[f"analytics.{dimension.view}"],
            )
            for dimension in (*DIMENSIONS.values(), *KEYED.values())
        ],
        time_units=list(UNITS),
        date_ranges=list(NAMES),
        filters=list(OPS),
    )


@router.post(
    "/restatements", status_code=202, operation_id="request_restatement", tags=["restatements"]
)
async def request_restatement(
    wanted: RestatementRequest, parts: UseParts, caller: UseCaller
) -> RestatementStatus:
    """Ask for local dates to be computed again; look at the answer's number for how far it is."""
    scope = await parts.scope(caller, wanted.site)
    number = await parts.store.call(restatements.queue, scope.site_id, wanted.dates, wanted.reason)
    return _status(await parts.store.call(restatements.get, number))


@router.get("/restatements/{restatement_id}", operation_id="restatement", tags=["restatements"])
async def restatement(restatement_id: int, parts: UseParts, caller: UseCaller) -> RestatementStatus:
    """Say how far a request is; one about a foreign site is not found."""
    found = None
    if 0 < restatement_id < 2**62:
        found = await parts.store.call(restatements.get, restatement_id)
    if found is None or caller.only_site not in (None, found.site_id):
        raise NotFound(f"There is no restatement {restatement_id}.")
    return _status(found)


def _status(found: Restatement) -> RestatementStatus:
    return RestatementStatus(
        restatement_id=found.restatement_id,
        site=found.site_id,
        dates=found.dates,
        reason=found.reason,
        status=found.status,  # type: ignore[arg-type]  # the table's CHECK allows only these
        requested_at=found.requested_at,
        started_at=found.started_at,
        finished_at=found.finished_at,
        error=found.error,
    )
