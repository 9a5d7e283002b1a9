"""Every error as problem JSON (RFC 9457), FastAPI's own included."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from serving.control.errors import (
    ControlError,
    DuplicateFunnel,
    DuplicateGoal,
    DuplicateSite,
    InvalidField,
    UnknownAnnotation,
    UnknownExport,
    UnknownFunnel,
    UnknownGoal,
    UnknownRestatement,
    UnknownSite,
)
from serving.errors import ServingError
from serving.query.schemas import ErrorItem, Problem

MEDIA_TYPE: Final = "application/problem+json"
_log = logging.getLogger("headwater.serving")
_RETRY_SECONDS: Final = "5"


def add_handlers(app: FastAPI) -> None:
    """Answer all errors of an app in the one form."""
    app.add_exception_handler(ServingError, _on_serving_error)
    app.add_exception_handler(ControlError, _on_control_error)
    app.add_exception_handler(RequestValidationError, _on_bad_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_crash)


def problem_of(error: ServingError, request: Request) -> Problem:
    """Describe an error of ours."""
    items = [ErrorItem(loc=list(f.loc), msg=f.msg, fix=f.fix) for f in error.faults]
    return _problem(request, error.status, error.code, error.title, error.detail, items)


def request_id(request: Request) -> str:
    """Return the id that the answer and the log carry."""
    return str(request.scope.get("headwater_request_id", ""))


def _problem(
    request: Request,
    status: int,
    code: str,
    title: str,
    detail: str,
    errors: list[ErrorItem] | None = None,
) -> Problem:
    return Problem(
        title=title,
        status=status,
        detail=detail,
        instance=request.url.path,
        code=code,
        request_id=request_id(request),
        errors=errors or [],
    )


def respond(problem: Problem) -> Response:
    """Send a problem; 503 and 429 say when to come back, 401 how to sign in."""
    headers = {"Cache-Control": "no-store", "X-Request-Id": problem.request_id}
    if problem.status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        headers["Retry-After"] = _RETRY_SECONDS
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(problem.model_dump_json(), problem.status, headers, MEDIA_TYPE)


async def _on_serving_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, ServingError):
        raise error
    return respond(problem_of(error, request))


_CONTROL: Final[dict[type[Exception], int]] = {
    UnknownSite: 404,
    UnknownRestatement: 404,
    UnknownGoal: 404,
    UnknownExport: 404,
    UnknownAnnotation: 404,
    UnknownFunnel: 404,
    DuplicateSite: 409,
    DuplicateGoal: 409,
    DuplicateFunnel: 409,
}


async def _on_control_error(request: Request, error: Exception) -> Response:
    status = _CONTROL.get(type(error), 422)
    loc = list(error.loc) if isinstance(error, InvalidField) else []
    item = ErrorItem(loc=loc, msg=str(error), fix=getattr(error, "fix", ""))
    title = "Not found" if status == HTTPStatus.NOT_FOUND else "The request makes no sense"
    code = "not_found" if status == HTTPStatus.NOT_FOUND else "bad_request"
    return respond(_problem(request, status, code, title, str(error), [item]))


async def _on_bad_request(request: Request, error: Exception) -> Response:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    items = [_item(fault) for fault in faults]
    detail = items[0].msg if items else "The request makes no sense."
    return respond(
        _problem(request, 422, "bad_request", "The request makes no sense", detail, items)
    )


def _item(fault: Any) -> ErrorItem:
    loc: Sequence[str | int] = fault["loc"]
    if fault["type"] == "json_invalid":
        return ErrorItem(loc=[], msg="The body is not JSON.", fix="Send a JSON object.")
    known = fault.get("ctx", {}).get("expected", "")
    fix = f"Use {known}." if known else ""
    return ErrorItem(loc=list(loc[1:]), msg=str(fault["msg"]) + ".", fix=fix)


async def _on_http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    title = HTTPStatus(status).phrase
    code = title.lower().replace(" ", "_")
    detail = {
        404: "There is no such address. GET /openapi.json lists those that there are.",
        400: "The body is no JSON text in UTF-8.",
        413: "The body is larger than any question.",
        405: "This address does not take that method.",
    }.get(status, title)
    return respond(_problem(request, status, code, title, detail))


async def _on_crash(request: Request, error: Exception) -> Response:
    _log.error("request %s failed", request_id(request), exc_info=error)
    detail = "This is our fault; the log has it under the request id."
    return respond(_problem(request, 500, "internal", "Something went wrong", detail))
