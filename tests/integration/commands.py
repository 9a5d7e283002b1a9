"""Ask a running home, as a person would: through the command and through the API."""

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from tests.integration.stack import Stack


def rows_of(stack: Stack, sql: str) -> list[dict[str, Any]]:
    """Ask Trino through `headwater sql`; dates are text as in JSON."""
    done = stack.headwater("sql", sql, "--output", "json")
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def post(
    url: str, path: str, body: Any, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """Post JSON and return status and the answer's JSON."""
    address = urlsplit(url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=60)
    sent = {"Content-Type": "application/json", **(headers or {})}
    connection.request("POST", path, json.dumps(body), sent)
    response = connection.getresponse()
    text = response.read()
    connection.close()
    answer: dict[str, Any] = json.loads(text or b"{}")
    return response.status, answer


def get(url: str) -> tuple[int, dict[str, str]]:
    """Get an address, following nothing; return status and headers, names in lower case."""
    address = urlsplit(url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=60)
    connection.request("GET", f"{address.path or '/'}?{address.query}")
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status, {name.lower(): value for name, value in response.getheaders()}


def ask_api(stack: Stack, key: str, question: dict[str, Any]) -> dict[str, Any]:
    """Post a question to the query API; it must be answered with 200."""
    headers = {"Authorization": f"Bearer {key}"}
    status, answer = post(stack.url("serving"), "/api/v1/query", question, headers)
    assert status == 200, answer
    return answer
