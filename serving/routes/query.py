"""Questions: one or a page's worth, by POST, or by GET for links and 304."""

import base64
import binascii
from typing import Annotated, Final, TypeVar

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ValidationError

from serving.asked import Asked
from serving.errors import Fault, QueryError, ServingError, query_error
from serving.parts import Parts, UseCaller, UseParts
from serving.problems import problem_of
from serving.query.schemas import Answer, Answers, Failure, Problem, Question, Questions
from serving.scope import Caller
from serving.service import Rendered, joined_etag

Body = TypeVar("Body", bound=BaseModel)
router = APIRouter(prefix="/api/v1", tags=["query"])
ERRORS: Final[dict[int | str, dict[str, object]]] = {
    status: {"model": Problem, "description": words}
    for status, words in (
        (401, "No key, or one that does not count."),
        (403, "A site that this key may not read."),
        (404, "No such site."),
        (422, "The question makes no sense; `errors` say where and what instead."),
        (503, "The lake is away and nothing remembered can stand in."),
    )
}
_Q = Annotated[str, Query(max_length=20_000, description="The JSON of the POST body, base64url.")]


@router.post("/query", response_model=Answer, operation_id="query", responses=ERRORS)
async def query(question: Question, parts: UseParts, caller: UseCaller) -> Response:
    """Answer one question about a site.

    Without a breakdown, and by time, visitors, page views, events, conversions and revenue
    are counted over events and seconds old. A session and its properties count once it has
    closed. Closed days come from memory until one of them is computed anew; `meta` says how
    fresh an answer is and whether it may still change.
    """
    asked, etag = await _prepare(question, parts, caller)
    return _sent(await parts.service.render(asked, etag))


@router.get("/query", response_model=Answer, operation_id="query_by_link", responses=ERRORS)
async def query_by_link(q: _Q, request: Request, parts: UseParts, caller: UseCaller) -> Response:
    """Answer the question in the address; `If-None-Match` gives 304 while nothing is new."""
    asked, etag = await _prepare(_decoded(q, Question), parts, caller)
    if _is_known(request, etag):
        return _not_modified(etag)
    return _sent(await parts.service.render(asked, etag))


@router.post("/queries", response_model=Answers, operation_id="queries", responses=ERRORS)
async def queries(
    questions: Questions, request: Request, parts: UseParts, caller: UseCaller
) -> Response:
    """Answer up to 20 questions; one that fails has its problem in its place."""
    return await _answer_all(questions, request, parts, caller)


@router.get("/queries", response_model=Answers, operation_id="queries_by_link", responses=ERRORS)
async def queries_by_link(q: _Q, request: Request, parts: UseParts, caller: UseCaller) -> Response:
    """Answer the questions in the address; `If-None-Match` gives 304 while nothing is new."""
    return await _answer_all(_decoded(q, Questions), request, parts, caller)


async def _prepare(question: Question, parts: Parts, caller: Caller) -> tuple[Asked, str]:
    scope = await parts.scope(caller, question.site)
    return await parts.service.prepare(question, scope)


async def _answer_all(
    questions: Questions, request: Request, parts: Parts, caller: Caller
) -> Response:
    prepared = [await _tried(question, parts, caller) for question in questions.queries]
    ready = [one for one in prepared if not isinstance(one, ServingError)]
    etag = joined_etag([etag for _, etag in ready]) if len(ready) == len(prepared) else None
    if etag and request.method == "GET" and _is_known(request, etag):
        return _not_modified(etag)
    rendered = iter(await parts.service.render_all(ready))
    found = [one if isinstance(one, ServingError) else next(rendered) for one in prepared]
    bodies = [_body(one, request) for one in found]
    body = b'{"answers":[' + b",".join(bodies) + b"]}"
    good = [one for one in found if isinstance(one, Rendered)]
    is_whole = len(good) == len(found) and all(one.etag for one in good)
    control = min((one.cache_control for one in good), default="no-store", key=_strictness)
    return _sent(Rendered(body, etag if is_whole else None, control if is_whole else "no-store"))


async def _tried(
    question: Question, parts: Parts, caller: Caller
) -> tuple[Asked, str] | ServingError:
    try:
        return await _prepare(question, parts, caller)
    except ServingError as error:
        return error


def _body(found: Rendered | Exception, request: Request) -> bytes:
    if isinstance(found, Rendered):
        return found.body
    if isinstance(found, ServingError):
        return Failure(problem=problem_of(found, request)).model_dump_json().encode()
    raise found


def _strictness(control: str) -> int:
    return ("no-store" not in control) + ("max-age=60" in control)


def _decoded(q: str, model: type[Body]) -> Body:
    try:
        text = base64.urlsafe_b64decode(q + "=" * (-len(q) % 4))
    except (binascii.Error, ValueError):
        raise query_error(("q",), "q is not base64url.", "Encode the JSON body.") from None
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        faults = [Fault(("q", *one["loc"]), one["msg"] + ".") for one in error.errors()]
        raise QueryError(faults[0].msg, *faults) from None


def _is_known(request: Request, etag: str) -> bool:
    known = request.headers.get("if-none-match", "")
    return etag in [one.strip().removeprefix("W/") for one in known.split(",")]


def _not_modified(etag: str) -> Response:
    return Response(status_code=304, headers={"ETag": etag})


def _sent(rendered: Rendered) -> Response:
    headers = {"Cache-Control": rendered.cache_control, "Vary": "Authorization, Cookie"}
    if rendered.etag:
        headers["ETag"] = rendered.etag
    return Response(rendered.body, 200, headers, "application/json")
