"""Care of the lake on real files: nothing that counts or is needed goes."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog as Iceberg
from pyiceberg.table import Table

from pipelines.batch.restate import Lake, restate
from pipelines.lake.compaction import (
    compact,
    forget,
    kept_for_days,
    may_have_many,
    purge,
    restated_tables,
)
from pipelines.lake.config import load_config
from pipelines.lake.expiry import expire
from pipelines.lake.orphans import KEEP_FOR, remove_orphans
from pipelines.lake.tables import create_all, open_catalog
from tests.integration.stack import Stack
from tests.sql.rows import RUN, add_site, event, insert, webhook

SITE: Final = f"{RUN}-care"
DAY: Final = date(2026, 3, 1)
ROW: Final = pa.table({"n": pa.array([1], pa.int64())})


@pytest.fixture(scope="module")
def iceberg(lake_home: Stack) -> Iterator[Iceberg]:
    with open_catalog(load_config(lake_home.environment).catalog) as opened:
        yield opened


@pytest.fixture
def scratch(iceberg: Iceberg) -> Iterator[Table]:
    table = iceberg.create_table(("web", f"scratch_{RUN}"), ROW.schema)
    yield table
    iceberg.drop_table(("web", f"scratch_{RUN}"))


def files_of(table: Table) -> set[str]:
    """Return the data and manifest files that lie on disk."""
    folder = Path(urlsplit(table.location()).path)
    return {path.name for path in folder.rglob("*") if path.suffix in (".parquet", ".avro")}


def test_tables_made_again_are_as_they_should_be(iceberg: Iceberg) -> None:
    assert set(create_all(iceberg).values()) == {"as it should be"}


def test_old_snapshots_and_their_files_go_but_the_newest_of_a_flink_job_stays(
    lake: Lake, scratch: Table
) -> None:
    scratch.append(ROW)
    scratch.append(ROW, snapshot_properties={"flink.job-id": "a", "flink.operator-id": "x"})
    flink = scratch.refresh().current_snapshot()
    assert flink is not None
    scratch.append(ROW)
    scratch.overwrite(ROW)  # what came before is in no later snapshot
    before = files_of(scratch)

    done = expire(scratch, datetime.now(UTC) + timedelta(hours=2))

    kept = {snapshot.snapshot_id for snapshot in scratch.refresh().metadata.snapshots}
    head = scratch.current_snapshot()
    assert head is not None
    assert kept == {flink.snapshot_id, head.snapshot_id}
    assert done.snapshots >= 3
    assert len(files_of(scratch)) == len(before) - done.files
    name = f'lake.web."scratch_{RUN}"'
    assert lake.trino.rows(f"SELECT count(*) AS n FROM {name}") == [{"n": 1}]
    old = f"SELECT count(*) AS n FROM {name} FOR VERSION AS OF {flink.snapshot_id}"
    assert lake.trino.rows(old) == [{"n": 2}]


def test_expiring_again_does_nothing(scratch: Table) -> None:
    scratch.append(ROW)
    later = datetime.now(UTC) + timedelta(hours=2)
    expire(scratch, later)
    assert expire(scratch, later).snapshots == 0


def test_files_that_no_snapshot_names_go_once_they_are_old(lake: Lake, scratch: Table) -> None:
    """A writer that was killed before its commit left them; a new one may yet be committed."""
    dropped = files_of(scratch)  # of tables before it that lay here
    scratch.append(ROW)
    named = files_of(scratch) - dropped
    folder = Path(urlsplit(scratch.location()).path)
    for path in [path for path in folder.rglob("*") if path.name in named]:
        shutil.copy(path, path.with_name(f"killed-{path.name}"))
    long_ago = (datetime.now(UTC) - KEEP_FOR - timedelta(hours=1)).timestamp()
    for path in folder.rglob("*.*"):
        os.utime(path, (long_ago, long_ago))
    data = next(folder.rglob("*.parquet"))
    shutil.copyfile(data, data.with_name("new.parquet"))

    remove_orphans(lake.trino, [f"scratch_{RUN}"])

    assert files_of(scratch) == named | {"new.parquet"}
    count = f'SELECT count(*) AS n FROM lake.web."scratch_{RUN}"'
    assert lake.trino.rows(count) == [{"n": 1}]


def test_many_small_files_become_one(lake: Lake, scratch: Table) -> None:
    assert not may_have_many(scratch)
    for number in range(10):
        scratch.append(ROW)
        assert may_have_many(scratch) == (number == 9)
    assert compact(lake.trino, f"scratch_{RUN}")
    count = f'SELECT count(*) AS n FROM lake.web."scratch_{RUN}$files"'
    assert lake.trino.rows(count) == [{"n": 1}]
    assert not compact(lake.trino, f"scratch_{RUN}")
    assert not may_have_many(scratch.refresh())


def test_few_files_in_each_of_many_days_are_left_alone(lake: Lake, iceberg: Iceberg) -> None:
    name = f"days_{RUN}"
    lake.trino.rows(f"CREATE TABLE lake.web.{name} (d date) WITH (partitioning = ARRAY['d'])")
    count = f"""SELECT min(n) AS least, max(n) AS most FROM (
        SELECT count(*) AS n FROM lake.web."{name}$files" GROUP BY partition)"""
    days = ", ".join(f"DATE '2026-03-{day:02}'" for day in range(1, 9))
    one_each = f"INSERT INTO lake.web.{name} SELECT * FROM UNNEST(ARRAY[{days}])"
    try:
        lake.trino.rows(one_each)
        lake.trino.rows(one_each)
        assert not compact(lake.trino, name)
        for _ in range(8):
            lake.trino.rows(f"INSERT INTO lake.web.{name} VALUES DATE '2026-03-01'")
        assert lake.trino.rows(count) == [{"least": 2, "most": 10}]
        assert compact(lake.trino, name)
        assert lake.trino.rows(count) == [{"least": 1, "most": 1}]
    finally:
        iceberg.drop_table(("web", name))


def rows_by_run(lake: Lake, table: str) -> dict[str, int]:
    rows = lake.trino.rows(
        f"SELECT run_id, count(*) AS n FROM lake.web.{table} WHERE site_id = '{SITE}' GROUP BY 1"
    )
    return {row["run_id"]: row["n"] for row in rows}


def shown(lake: Lake) -> list[dict[str, Any]]:
    return lake.trino.rows(f"SELECT * FROM lake.analytics.sessions WHERE site_id = '{SITE}'")


def test_only_runs_that_count_no_more_are_purged(lake: Lake) -> None:
    add_site(lake.trino, SITE)
    at = datetime(2026, 3, 1, 10, tzinfo=UTC)
    dead_click = {"event_name": "click", "sent_at": at, "properties": '{"watched_ms": 3000}'}
    identify = {"event_name": "identify", "user_id": "v@example.com"}
    moved = {"source": "google", "medium": "organic", "channel": "Direct"}
    of_every_table: list[dict[str, Any]] = [{"is_conversion": True}, dead_click, identify, moved]
    rows = [event(site_id=SITE, visitor_id="v", event_at=at, **own) for own in of_every_table]
    refund = {"id": "re", "amount": 100, "amount_refunded": 100, "currency": "usd"}
    told = {"type": "charge.refunded", "data": {"object": refund}}
    paid = webhook("stripe", told, site_id=SITE, event_id=f"{SITE}-paid", event_at=at)
    insert(lake.trino, "events", [*rows, paid])
    (old,) = restate(lake, SITE, [DAY], "first")
    (new,) = restate(lake, SITE, [DAY], "second")
    before = shown(lake)
    now = datetime.now(UTC)
    tables = restated_tables()
    assert tables["sessions_restated"] == "started_date"

    for table, column in tables.items():
        purge(lake.trino, table, column, now)
        assert set(rows_by_run(lake, table)) == {old.run_id, new.run_id}, "switched just now"
        purge(lake.trino, table, column, now + timedelta(hours=2))
        assert set(rows_by_run(lake, table)) == {new.run_id}
    assert shown(lake) == before


def test_days_older_than_a_table_keeps_are_forgotten(lake: Lake) -> None:
    tables = kept_for_days()
    assert tables["stream_progress"] == "emitted_at"
    now = datetime(2026, 4, 9, 12, tzinfo=UTC)
    ages = {f"{RUN}-{days}": now - timedelta(days=days) for days in (1, 7, 8)}
    plain = {"topic_name": "other", "topic_partition": 0, "topic_offset": 0}
    insert(
        lake.trino,
        "stream_progress",
        [{**plain, "topic_id": n, "appended_at": at, "emitted_at": at} for n, at in ages.items()],
    )
    forget(lake.trino, "stream_progress", "emitted_at", now)
    left = lake.trino.rows(
        f"SELECT topic_id FROM lake.web.stream_progress WHERE topic_id LIKE '{RUN}-%'"
    )
    assert {row["topic_id"] for row in left} == {f"{RUN}-1", f"{RUN}-7"}
