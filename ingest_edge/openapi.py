"""The edge's OpenAPI document, made of the route table and of what each route decodes."""

import re
from functools import cache
from typing import Any, Final, get_type_hints

import msgspec

from ingest_edge.routes.table import ROUTES, Route

_REF: Final = "#/components/schemas/{name}"
_ANSWERS: Final = {
    "200": "Every event is durable, or left out on purpose: `X-Dropped` says how many, or why.",
    "207": "Own routes: some events are refused; `dropped` says which and why.",
}
_REFUSALS: Final = {
    "400": "Nothing was accepted.",
    "401": "The key is missing or unknown, or the signature is wrong.",
    "403": "Key, origin and site do not go together.",
    "404": "Nothing is at this address.",
    "408": "The body did not arrive in time.",
    "413": "The body is too large.",
    "415": "The body's type or encoding is not read.",
    "429": "Too many requests: come again after `Retry-After` seconds.",
    "503": "Not durable now: send the same again after `Retry-After` seconds.",
    "507": "No room to keep events: send the same again after `Retry-After` seconds.",
}
_GETS: Final = {
    "/health": "Tell that the process runs.",
    "/ready": "Tell whether events can be taken.",
    "/metrics": "Counters for Prometheus.",
    "/s.js": "The tracker with the site's settings in it.",
    "/openapi.json": "This document.",
    "/.well-known/gpc.json": "Tell that Global Privacy Control is honoured.",
}


class Fault(msgspec.Struct):
    """One thing that is wrong: where, what, and what to do."""

    loc: str
    msg: str
    fix: str


class Problem(msgspec.Struct):
    """Why a request was refused (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    message: str
    request_id: str
    errors: list[Fault]


class Dropped(msgspec.Struct):
    """One event that was refused: its place in the batch, the reason, what to do."""

    loc: str
    reason: str
    msg: str
    fix: str


class Outcome(msgspec.Struct):
    """What became of a batch; dialects add what their clients expect."""

    accepted: int | None = None
    dropped: list[Dropped] = []


def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document."""
    bodies = {route.path: _body(route) for route in ROUTES}
    types = [*dict.fromkeys(bodies.values()), Problem, Outcome]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    refs = dict(zip(types, schemas, strict=True))
    paths = {route.path: {"post": _post(route, refs[bodies[route.path]], refs)} for route in ROUTES}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Headwater edge",
            "version": "1",
            "description": "Takes events. Fields without a name here are kept in `properties`.",
        },
        "paths": {**paths, **{path: {"get": _get(text)} for path, text in _GETS.items()}},
        "components": {"schemas": components, "securitySchemes": _security()},
        "security": [{"basic": []}, {"bearer": []}, {"header": []}, {}],
    }


def _body(route: Route) -> type[msgspec.Struct]:
    """Return the body's struct with what it keeps unread spelt out, to be described."""
    return _spelt_out(route.body, route.events_in, route.event)


@cache
def _spelt_out(
    struct: type[msgspec.Struct], events_in: str | None, event: type[msgspec.Struct] | None
) -> type[msgspec.Struct]:
    hints = get_type_hints(struct, include_extras=True)
    fields: list[Any] = []
    for one in msgspec.structs.fields(struct):
        hint, name = hints[one.name], one.encode_name
        if event is not None and one.name == events_in:
            hint = list[_spelt_out(event, None, None)]  # type: ignore[misc]
        elif hint is msgspec.Raw:
            hint = dict[str, Any] | None
        default = one.default if isinstance(one.default, bool | str | int) else None
        at = f"f{len(fields)}"
        field = (
            msgspec.field(name=name) if one.required else msgspec.field(name=name, default=default)
        )
        fields.append((at, hint, field))
    module = struct.__module__.rpartition(".")[2]
    name = f"{module}.{struct.__qualname__}"
    made = msgspec.defstruct(name, fields, kw_only=True)
    made.__doc__ = struct.__doc__
    return made


def _post(route: Route, schema: dict[str, Any], refs: dict[Any, Any]) -> dict[str, Any]:
    good = {"content": {"application/json": {"schema": refs[Outcome]}}}
    bad = {"content": {"application/problem+json": {"schema": refs[Problem]}}}
    names = re.findall(r"{(\w+)}", route.path)
    return {
        "summary": route.summary,
        "operationId": re.sub(r"\W+", "_", route.path).strip("_"),
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in names
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema}, "text/plain": {"schema": schema}},
        },
        "responses": {
            **{status: {"description": text, **good} for status, text in _ANSWERS.items()},
            **{status: {"description": text, **bad} for status, text in _REFUSALS.items()},
        },
    }


def _get(summary: str) -> dict[str, Any]:
    return {"summary": summary, "responses": {"200": {"description": summary}}}


def _security() -> dict[str, Any]:
    return {
        "basic": {"type": "http", "scheme": "basic", "description": "The key as user."},
        "bearer": {"type": "http", "scheme": "bearer"},
        "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    }


def text() -> str:
    """Return the document as a file of the reference."""
    encoded = msgspec.json.format(msgspec.json.encode(document(), order="sorted"), indent=2)
    return encoded.decode() + "\n"
