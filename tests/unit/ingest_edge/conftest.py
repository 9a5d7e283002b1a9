"""An edge with everything outside it faked."""

from pathlib import Path

import pytest

from tests.unit.ingest_edge.fakes import Caller, make_caller


@pytest.fixture
def edge(tmp_path: Path) -> Caller:
    """Return an edge whose broker, keys and clock belong to the test."""
    return make_caller(tmp_path)


@pytest.fixture(scope="module")
def edge_of_module(tmp_path_factory: pytest.TempPathFactory) -> Caller:
    """Return one edge for all examples of a property."""
    return make_caller(tmp_path_factory.mktemp("edge"))
