"""Trino and Postgres alone, for the SQL that needs no stream."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.batch.restate import Lake
from pipelines.catalog import Catalog
from pipelines.lake.appending import appender
from pipelines.lake.trino import Trino
from tests.integration.stack import Stack
from tests.sql.rows import add_watermark


@pytest.fixture(scope="package")
def lake_home() -> Iterator[Stack]:
    """Return a home with tables and views and nothing that writes to them.

    HEADWATER_TEST_LAKE_HOME names a home to use instead; it is left running.
    """
    kept = os.environ.get("HEADWATER_TEST_LAKE_HOME")
    home = Path(kept) if kept else Path(tempfile.mkdtemp(prefix="headwater-lake-"))
    running = Stack.at(home)
    try:
        running.up("--only", "views,control")
        yield running
    finally:
        if not kept:
            running.down()
            shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="package")
def lake(lake_home: Stack) -> Lake:
    """Return the lake of that home, in no hurry to be polite: a switch follows at once."""
    trino = Trino(lake_home.url("trino"))
    add_watermark(trino)
    append = appender(Catalog.from_env(lake_home.environment))
    return Lake(trino, pause=lambda seconds: None, append=append)
