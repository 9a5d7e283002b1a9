"""A home for the batch's bench: Trino and Postgres alone, and days of events put into the lake."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import numpy as np
import psutil
import pyarrow as pa

from pipelines.batch.restate import Lake, restate
from pipelines.batch.run import Run
from pipelines.catalog import SCHEMA_NAME, Catalog
from pipelines.lake.appending import appender
from pipelines.lake.tables import open_catalog
from pipelines.lake.trino import Trino
from tests.integration.stack import Stack
from tests.load.report import Unmeasurable
from tests.sql.rows import add_site, add_watermark

EVENTS_OF_A_SESSION: Final = 12
_DAY_SECONDS: Final = 86_400
_SESSION_STEP_MS: Final = 20_000
_PAGES: Final = 200
# Session -> where it came from, as the edge would have written it.
_ORIGINS: Final = (
    ("(direct)", "(none)", "Direct"),
    ("google", "organic", "Organic Search"),
    ("google", "cpc", "Paid Search"),
    ("newsletter", "email", "Email"),
)
_COUNTRIES: Final = ("DE", "US", "GB", "FR", "PL")
_CONVERTS: Final = 25  # one session in so many


@dataclass(frozen=True)
class BatchHome:
    """The running processes, and what a restatement works with."""

    stack: Stack
    lake: Lake

    def cpu_seconds(self) -> float:
        """Return what Trino has taken so far."""
        return sum(psutil.Process(self.stack.component("trino").pid).cpu_times()[:2])

    def memory_bytes(self) -> int:
        """Return what Trino holds of the machine's memory."""
        return int(psutil.Process(self.stack.component("trino").pid).memory_info().rss)

    def add_days(self, site_id: str, first: date, days: int, events: int) -> None:
        """Put so many events a day into web.events, a commit a day."""
        add_site(self.lake.trino, site_id)
        with open_catalog(Catalog.from_env(self.stack.environment)) as iceberg:
            table = iceberg.load_table((SCHEMA_NAME, "events"))
            schema = table.schema().as_arrow()
            for day in range(days):
                table.append(_whole(_day(site_id, first + timedelta(days=day), events), schema))

    def event_files(self, site_id: str) -> list[str]:
        """Return the Parquet files that hold the site's events."""
        with open_catalog(Catalog.from_env(self.stack.environment)) as iceberg:
            scan = iceberg.load_table((SCHEMA_NAME, "events")).scan(f"site_id = '{site_id}'")
            return [unquote(urlsplit(task.file.file_path).path) for task in scan.plan_files()]

    def count(self, site_id: str, table: str) -> int:
        """Return how many rows of the site a table has."""
        sql = f"SELECT count(*) AS n FROM lake.web.{table} WHERE site_id = '{site_id}'"
        return int(self.lake.trino.rows(sql)[0]["n"])

    def restate(self, site_id: str, dates: list[date]) -> list[Run]:
        """Restate days as `headwater backfill` does, without its ten seconds for readers."""
        return restate(self.lake, site_id, dates, "bench")


@contextmanager
def batch_home() -> Iterator[BatchHome]:
    """Start a home of its own, and end it."""
    path = Path(tempfile.mkdtemp(prefix="headwater-bench-"))
    stack = Stack.at(path)
    try:
        stack.up("--only", "views,control")
        trino = Trino(stack.url("trino"))
        add_watermark(trino)
        append = appender(Catalog.from_env(stack.environment))
        yield BatchHome(stack, Lake(trino, pause=lambda seconds: None, append=append))
    except AssertionError as error:
        raise Unmeasurable(str(error)) from error
    finally:
        stack.down()
        shutil.rmtree(path, ignore_errors=True)


def _day(site_id: str, day: date, count: int) -> dict[str, Any]:
    """Return columns: sessions of a dozen events, spread over the day; a fifth of the visitors
    come again on other days."""
    rng = np.random.default_rng(day.toordinal())
    number = np.arange(count)
    session, step = number // EVENTS_OF_A_SESSION, number % EVENTS_OF_A_SESSION
    sessions = int(session[-1]) + 1
    longest = EVENTS_OF_A_SESSION * _SESSION_STEP_MS
    starts = rng.integers(0, _DAY_SECONDS * 1000 - longest, sessions)
    midnight = int(datetime.combine(day, time(0), UTC).timestamp() * 1000)
    at = pa.array((midnight + starts[session] + step * _SESSION_STEP_MS) * 1000).cast(
        pa.timestamp("us", tz="UTC")
    )
    returning = rng.random(sessions) < 0.2
    pool = rng.integers(0, max(1, sessions // 2), sessions)
    visitors = np.where(
        returning, np.char.add("r", pool.astype(str)),
        np.char.add(f"{day:%m%d}-", np.arange(sessions).astype(str)),
    )  # fmt: skip
    origins = rng.integers(0, len(_ORIGINS), sessions)
    buys = (rng.integers(0, _CONVERTS, sessions) == 0)[session] & (step == EVENTS_OF_A_SESSION - 1)
    is_view = step % 2 == 0
    names = np.where(buys, "order_completed", np.where(is_view, "page_view", "click"))
    source, medium, channel = (
        np.array([origin[part] for origin in _ORIGINS])[origins][session] for part in range(3)
    )
    return {
        "record_kind": "event", "site_id": site_id, "sender": "browser", "device": "desktop",
        "bot_score": 0, "is_bot": False, "is_flood": False, "is_late": False,
        "topic_id": f"bench-{site_id}", "topic_partition": 0, "page_host": "shop.example",
        "topic_offset": day.toordinal() * 100_000_000 + number, "seq": step,
        "event_id": np.char.add(f"{day:%m%d}-", number.astype(str)),
        "event_name": names, "visitor_id": visitors[session], "event_date": day,
        "event_at": at, "received_at": at, "appended_at": at, "sent_at": at, "client_at": at,
        "page_path": np.char.add("/p", (rng.integers(0, _PAGES, count)).astype(str)),
        "source": source, "medium": medium, "channel": channel,
        "country": np.array(_COUNTRIES)[rng.integers(0, len(_COUNTRIES), sessions)][session],
        "is_conversion": buys, "is_interactive": ~is_view, "click_target": "button.buy",
    }  # fmt: skip


def _whole(columns: dict[str, Any], schema: pa.Schema) -> pa.Table:
    """Return a table of the schema; one value stands for all rows, a column left out is null."""
    count = len(columns["event_id"])
    made = [
        value if isinstance(value, pa.Array)
        else pa.array(value) if isinstance(value, np.ndarray)
        else pa.array([value] * count) if value is not None
        else pa.nulls(count)
        for value in (columns.get(field.name) for field in schema)
    ]  # fmt: skip
    return pa.Table.from_arrays(
        [one.cast(field.type) for one, field in zip(made, schema, strict=True)], schema=schema
    )
