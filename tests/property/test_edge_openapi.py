"""Whatever the OpenAPI document allows, and much that it does not: never a fault of ours."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ingest_edge
from ingest_edge.app import GETS
from ingest_edge.routes.table import ROUTES
from schemas.load import RECORDS
from schemas.wire import problems
from tests.property.edge_bodies import DOCUMENT, STRATEGIES, check, concrete
from tests.unit.ingest_edge.fakes import PUB, SEC, Caller, make_caller

LAW = settings(
    max_examples=20, deadline=None, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Caller:
    return make_caller(tmp_path_factory.mktemp("edge"))


@pytest.mark.parametrize("path", [route.path for route in ROUTES if "vendor" not in route.path])
def test_every_body(edge: Caller, path: str) -> None:
    @LAW
    @given(body=STRATEGIES[path], key=st.sampled_from([PUB, SEC]))
    def holds(body: Any, key: str) -> None:
        edge.sink.records.clear()
        answer = edge.post(concrete(path), body, key=key)
        check(path, answer.status_code, answer.json())
        records = [*edge.events(), *edge.sink.values("imported-events")]
        assert [p for one in records for p in problems(RECORDS["event"], one)] == []

    holds()


def test_document_names_every_address_and_status() -> None:
    gets = {path for path, ways in DOCUMENT["paths"].items() if "get" in ways}
    assert gets == GETS
    errors = (Path(ingest_edge.__file__).parent / "errors.py").read_text("utf-8")
    known = set(re.findall(r"status(?:: ClassVar\[int\])? = (\d+)", errors))
    told = {
        status
        for ways in DOCUMENT["paths"].values()
        if "post" in ways
        for status in ways["post"]["responses"]
    }
    # 405 is of no route: it says that there is none for the method.
    assert known - told == {"405"}


def test_document_is_served(edge: Caller) -> None:
    answer = edge.request("GET", "/openapi.json", key=None)
    assert answer.json() == DOCUMENT
