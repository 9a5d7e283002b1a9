"""Health, figures, signing in, the page."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from serving import metrics
from serving.callers import check_same_origin
from serving.control import links
from serving.errors import NotFound, Unavailable
from serving.lake import Lake
from serving.parts import UseParts
from serving.query.sql import sql
from serving.store import Connection, Store

router = APIRouter(include_in_schema=False)
_USED: str = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Headwater</title>
<h1>This sign-in link has been used or is too old</h1>
<p>A link works once, for a day. <code>headwater open</code> prints a new one.</p></html>
"""


@router.get("/health")
async def health() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@router.get("/ready")
async def ready(parts: UseParts) -> dict[str, str]:
    """Say that questions can be answered: Postgres and Trino are there; else 503 names them."""
    await parts.store.call(_look)
    await _ask(parts.lake)
    return {"status": "ready"}


def _look(conn: Connection) -> None:
    conn.execute("SELECT count(*) FROM sites")


async def _ask(lake: Lake) -> None:
    await lake.system_rows(sql("SELECT 1"))


@router.get("/metrics")
async def read_metrics() -> Response:
    """Give the service's own figures to Prometheus."""
    return Response(metrics.page(), media_type="text/plain; version=0.0.4")


@router.get("/sign-in")
async def sign_in(
    token: Annotated[str, Query(max_length=200)], parts: UseParts, request: Request
) -> Response:
    """Use a one-time link up: set the page's cookie and go to the view that the rest names."""
    session = await parts.store.call(links.redeem, token)
    if session is None:
        return HTMLResponse(_USED, 403, {"Cache-Control": "no-store"})
    view = urlencode([pair for pair in request.query_params.multi_items() if pair[0] != "token"])
    place = f"/?{view}" if view else "/"
    answer = RedirectResponse(place, 303, {"Cache-Control": "no-store"})
    answer.set_cookie(
        parts.cookie,
        session,
        max_age=links.SESSION_DAYS * 86_400,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/api/v1/sign-out", status_code=204)
async def sign_out(parts: UseParts, request: Request) -> Response:
    """End the page's session; without one nothing happens."""
    check_same_origin(request)
    session = request.cookies.get(parts.cookie)
    if session:
        await end_session(parts.store, session)
    answer = Response(status_code=204)
    answer.delete_cookie(parts.cookie)
    return answer


async def end_session(store: Store, session: str) -> None:
    """Forget a page's session."""
    try:
        await store.call(links.sign_out, session)
    except Unavailable:
        return  # the cookie goes all the same


@router.get("/{path:path}")
async def page(path: str, parts: UseParts, request: Request) -> Response:
    """Serve the page; its deep links are all the index."""
    if path == "api" or path.startswith("api/"):
        raise NotFound("There is no such address. GET /openapi.json lists those that there are.")
    return parts.page.respond(request, path)
