"""The documentation page at /docs, written from OpenAPI without any script or foreign host."""

import html
import json
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

_STYLE = """
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;
margin:2rem auto;padding:0 1rem}pre{overflow:auto;padding:.8rem;border:1px solid #8886;
border-radius:6px;font-size:.85rem}summary{cursor:pointer}code{font-size:.9em}
h2{margin-top:2.5rem}table{border-collapse:collapse}td{padding:.2rem .8rem .2rem 0;
vertical-align:top}
"""


def add_docs(app: FastAPI) -> None:
    """Serve the page; it is written at the first look."""

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        if not hasattr(app.state, "docs"):
            app.state.docs = page_of(app.openapi())
        policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
        return HTMLResponse(app.state.docs, headers={"Content-Security-Policy": policy})


def page_of(spec: dict[str, Any]) -> str:
    """Return an HTML page with every operation of an OpenAPI document and every shape."""
    operations = "".join(
        _operation(path, method, operation, spec)
        for path, methods in spec["paths"].items()
        for method, operation in methods.items()
    )
    shapes = "".join(
        _shape(name, shape) for name, shape in sorted(spec["components"]["schemas"].items())
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Headwater API</title>'
        f"<style>{_STYLE}</style><h1>Headwater API</h1>{_text(spec['info']['description'])}"
        '<p><a href="/openapi.json">openapi.json</a></p>'
        f"{operations}<h2>Shapes</h2>{shapes}</html>"
    )


def _operation(path: str, method: str, operation: dict[str, Any], spec: dict[str, Any]) -> str:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    example = _example(body.get("schema", {}), spec)
    answers = "".join(
        f"<tr><td><code>{status}</code><td>{html.escape(answer['description'])}"
        for status, answer in operation["responses"].items()
    )
    shown = f"<pre>{html.escape(json.dumps(example, indent=2))}</pre>" if example else ""
    return (
        f'<h2 id="{operation["operationId"]}"><code>{method.upper()} {html.escape(path)}</code>'
        f"</h2>{_text(operation.get('description', ''))}{shown}<table>{answers}</table>"
    )


def _example(schema: dict[str, Any], spec: dict[str, Any]) -> Any:
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    found = spec["components"]["schemas"].get(name, {})
    if found.get("examples"):
        return found["examples"][0]
    fields = found.get("properties", {})
    return {
        key: field["examples"][0] if field.get("examples") else [_example(field["items"], spec)]
        for key, field in fields.items()
        if field.get("examples") or "$ref" in field.get("items", {})
    }


def _shape(name: str, shape: dict[str, Any]) -> str:
    text = html.escape(json.dumps(shape, indent=2))
    return f'<details id="{name}"><summary><code>{name}</code></summary><pre>{text}</pre></details>'


def _text(text: str) -> str:
    return "".join(f"<p>{html.escape(part)}</p>" for part in text.strip().split("\n\n"))
