"""Reference pages about answers: metrics and dimensions, routes. Written by `make docs`."""

from pathlib import Path
from typing import Any, Final

from schemas.load import DIMENSIONS, KEYED, METRICS
from serving.app import make_app
from serving.config import Config
from serving.lake import TrinoLake
from serving.parts import build
from serving.query.filters import OPS
from serving.query.periods import NAMES, UNITS
from serving.store import Store

_NOWHERE: Final = "http://127.0.0.1:1"


def metrics_page() -> str:
    """Return the page of all names a question may use, each with its definition and formula."""
    metrics = "\n".join(
        f"| `{m.name}` | {m.definition} | {m.unit} | {_formulas(m.name)} |"
        for m in METRICS.values()
    )
    dimensions = "\n".join(
        f"| `{d.written}` | {d.definition} | `analytics.{d.view}`.`{d.column}` |"
        for d in (*DIMENSIONS.values(), *KEYED.values())
    )
    return (
        "# Metrics and dimensions\n\nFrom schemas/metrics. Parts of a ratio are summed first and "
        "divided last.\n\n## Metrics\n\n| name | definition | unit | SQL |\n|---|---|---|---|\n"
        f"{metrics}\n\n## Dimensions\n\n| name | definition | column |\n|---|---|---|\n"
        f"{dimensions}\n\n"
        f"## Other names\n\nTime: {_list(f'time:{unit}' for unit in UNITS)}. "
        f"Ranges: {_list(NAMES)}, or two dates or instants. Filters: {_list(OPS)}.\n"
    )


def _formulas(name: str) -> str:
    formulas = [(view, METRICS[name].formula(view)) for view in METRICS[name].views]
    return "<br>".join(
        f"{view}: `{' / '.join(formula.parts)}`" for view, formula in formulas if formula
    )


def _list(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)


def api_page() -> str:
    """Return the page of all routes, from the OpenAPI document."""
    paths = openapi()["paths"]
    parts = ["# API\n\nBearer keys `hw_api_...`; errors are `application/problem+json`."]
    for path, methods in paths.items():
        for method, operation in methods.items():
            statuses = ", ".join(operation["responses"])
            parts.append(
                f"## {operation['operationId']}\n\n`{method.upper()} {path}`\n\n"
                f"{operation['description']}\n\nStatus: {statuses}."
            )
    return "\n\n".join(parts) + "\n"


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document; nothing is connected to."""
    config = Config("127.0.0.1", 1, _NOWHERE, "", _NOWHERE, Path("absent"))
    return make_app(build(config, TrinoLake(_NOWHERE), Store(""))).openapi()
