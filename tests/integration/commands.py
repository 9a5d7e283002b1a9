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


def run_dagster_job(stack: Stack, job: str) -> None:
    """Start a job with its defaults, as its schedule does, and wait until it has succeeded."""
    wait_for_dagster_run(stack, job, start_dagster_job(stack, job))


def wait_for_dagster_run(stack: Stack, job: str, run_id: str) -> None:
    """Wait until the run has succeeded."""

    def ended() -> str | None:
        status = dagster_run_status(stack, run_id)
        return status if status in ("SUCCESS", "FAILURE", "CANCELED") else None

    assert stack.wait_until(f"job {job} to end", ended, seconds=400, pause=1) == "SUCCESS"


def start_dagster_job(stack: Stack, job: str) -> str:
    """Start a job with its defaults, as its schedule does; return the id of the run."""
    location = _dagster(stack, "{ repositoriesOrError { ... on RepositoryConnection {"
        " nodes { name location { name } } } } }")["repositoriesOrError"]["nodes"][0]  # fmt: skip
    selector = {
        "repositoryName": location["name"],
        "repositoryLocationName": location["location"]["name"],
        "jobName": job,
    }
    launched = _dagster(
        stack,
        "mutation ($asked: ExecutionParams!) { launchRun(executionParams: $asked) {"
        " ... on LaunchRunSuccess { run { runId } } } }",
        asked={"selector": selector, "runConfigData": {}, "mode": "default"},
    )["launchRun"]
    run_id: str = launched["run"]["runId"]
    return run_id


def dagster_run_status(stack: Stack, run_id: str) -> str:
    """Return how far a run is: QUEUED, STARTED, SUCCESS, FAILURE, ..."""
    question = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
    status: str = _dagster(stack, question, id=run_id)["runOrError"]["status"]
    return status


def _dagster(stack: Stack, question: str, **variables: Any) -> dict[str, Any]:
    body = {"query": question, "variables": variables}
    status, answer = post(stack.url("dagster"), "/graphql", body)
    assert status == 200, answer
    data: dict[str, Any] = answer["data"]
    return data
