"""Whom a site erased leaves every file: rows, statistics, manifests, objects; nobody else does."""

import itertools
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg
import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog as Iceberg

from orchestration.forgetting import Rooms, forget_persons
from pipelines.batch.erasures.model import record
from pipelines.batch.restate import Lake
from pipelines.blobs import LocalBlobs
from pipelines.lake.appending import append_rows
from pipelines.lake.compaction import compact
from pipelines.lake.config import load_config
from pipelines.lake.errors import LakeUnavailable
from pipelines.lake.expiry import expire
from pipelines.lake.forgetting import oldest_snapshot, rewritten_tables
from pipelines.lake.persons import Person, person_tables
from pipelines.lake.tables import open_catalog
from pipelines.lake.trino import Row, Trino
from schemas.load import RECORDS, TABLES
from schemas.loaders.records import Field, Kind
from serving.control import erasures
from serving.control.sites import create_site
from tests.integration.own_database import own_database
from tests.integration.stack import Stack
from tests.sql.rows import RUN, TOPIC_ID, add_site, webhook
from tests.sql.traces import traces

SITE: Final = f"{RUN}-forget"
GONE: Final = f"gone-{secrets.token_hex(12)}"
STAYS: Final = f"stays-{secrets.token_hex(12)}"
USER: Final = f"user-{secrets.token_hex(12)}"
AT: Final = datetime(2026, 3, 1, 10, tzinfo=UTC)
ASKED: Final = datetime(2026, 3, 2, 10, tzinfo=UTC)
OLD, NEW = 1, 1_000_000_000  # offsets of what the erasure covers, and of what came after it
_PLAIN: Final[dict[Kind, Any]] = {
    Kind.STRING: "x",
    Kind.INT: 1,
    Kind.LONG: OLD,
    Kind.BOOLEAN: False,
    Kind.DOUBLE: 1.0,
    Kind.TIMESTAMP_MS: AT,
    Kind.DATE: date(2026, 3, 1),
    Kind.DECIMAL: Decimal(1),
}


class Died(LakeUnavailable):
    """The process went away after a statement was done."""


@dataclass(frozen=True)
class Dying(Trino):
    """Trino, asked by a process that is killed once `left` statements have been done."""

    left: list[int] = field(default_factory=lambda: [0])

    def rows(self, sql: str, parameters: Any = ()) -> list[Row]:
        found = super().rows(sql, parameters)
        self.left[0] -= 1
        if self.left[0] < 0:
            raise Died("killed")
        return found


def _value(of: Field) -> Any:
    return of.symbols[0] if of.symbols else _PLAIN[of.kind]


def row_of(table: str, visitor: str, user: str, number: int) -> dict[str, Any]:
    """Return a row with every column filled, of one person."""
    plain = {each.name: _value(each) for each in RECORDS[TABLES[table].record].fields}
    who = {"visitor_id": visitor, "user_id": user, "previous_id": visitor, "site_id": SITE}
    key = f"{SITE}/2026-03-01/s/{visitor}/{number:06d}.json.gz"
    own = {**who, "topic_id": TOPIC_ID, "topic_partition": 0, "storage_key": key}
    return plain | {name: value for name, value in own.items() if name in plain}


def paid(visitor: str) -> dict[str, Any]:
    """Return the webhook of a payment as web.events has it."""
    told = {"data": {"object": {"client_reference_id": visitor, "amount_total": 500}}}
    return webhook("stripe", told, site_id=SITE, event_id=f"w-{visitor == STAYS}", event_at=AT)


def fill(iceberg: Iceberg, visitors: dict[str, str]) -> None:
    """Write a row of each person to every table of persons, all in one file."""
    for table in person_tables():
        append_rows(iceberg, table, [row_of(table, v, u, n) for n, (v, u) in
                                     enumerate(visitors.items())])  # fmt: skip


def warehouse(iceberg: Iceberg) -> Path:
    return Path(urlsplit(iceberg.load_table(("web", "events")).location()).path).parent


def expire_all(iceberg: Iceberg, later: timedelta = timedelta(hours=2)) -> None:
    for name in (*rewritten_tables(), "erasures"):
        expire(iceberg.load_table(("web", name)), datetime.now(UTC) + later)


def counts(lake: Lake, visitor: str) -> dict[str, int]:
    """Return how many rows each table has of a visitor, in any column that names one."""
    parts = [
        f"SELECT '{table}' AS name, count(*) AS n FROM lake.web.{table}"
        f" WHERE '{visitor}' IN ({', '.join(columns)})"
        for table, columns in person_tables().items()
    ]
    return {row["name"]: row["n"] for row in lake.trino.rows(" UNION ALL ".join(parts))}


@pytest.fixture(scope="module")
def rooms(
    lake: Lake, lake_home: Stack, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rooms]:
    blobs = LocalBlobs(tmp_path_factory.mktemp("recordings"))
    catalog = load_config(lake_home.environment).catalog
    with open_catalog(catalog) as iceberg, own_database(lake_home) as control:
        # Numbers that no other test of the lake uses.
        number = secrets.randbelow(2**31)
        control.execute(f"ALTER TABLE erasures ALTER erasure_id RESTART WITH {number}".encode())
        yield Rooms(lake, iceberg, blobs, control)


@pytest.fixture(scope="module")
def filled(rooms: Rooms) -> Rooms:
    add_site(rooms.lake.trino, SITE)
    create_site(rooms.control, SITE)
    for visitor, piece in itertools.product((GONE, STAYS), range(2)):
        rooms.blobs.put(f"{SITE}/2026-03-01/s/{visitor}/{piece:06d}.json.gz", b"frames")
    fill(rooms.iceberg, {GONE: USER, STAYS: "other"})
    append_rows(rooms.iceberg, "events", [paid(GONE), paid(STAYS)])
    facts = [row_of("revenue_events", v, "", 0) | {"client_reference_id": v} for v in (GONE, STAYS)]
    append_rows(rooms.iceberg, "revenue_events", facts)
    return rooms


@pytest.fixture(scope="module")
def hidden(filled: Rooms) -> int:
    """Return the number of an erasure that is hidden since a day that has closed."""
    made = erasures.request(filled.control, SITE, [GONE], USER)
    ends = {(TOPIC_ID, 0): NEW - 1}
    person = Person(SITE, (GONE,), USER)
    now = datetime.now(UTC)
    record(filled.lake.trino, made.erasure_id, person, ASKED, now, ends)
    erasures.hidden(filled.control, made.erasure_id)
    return made.erasure_id


def asked(control: psycopg.Connection[Any], number: int, at: datetime) -> None:
    control.execute("UPDATE erasures SET requested_at = %s WHERE erasure_id = %s", [at, number])


def test_nothing_goes_before_the_day_of_the_request_has_closed(filled: Rooms, hidden: int) -> None:
    asked(filled.control, hidden, datetime(2026, 11, 1, 10, tzinfo=UTC))
    forget_persons(filled, datetime.now(UTC))
    assert set(counts(filled.lake, GONE).values()) == {1}
    assert erasures.get(filled.control, hidden).rewritten_at is None


@pytest.fixture(scope="module")
def forgotten(filled: Rooms, hidden: int, lake_home: Stack) -> int:
    """Forget them while another process appends and ours is killed after every few statements.

    Returns how many rows were appended meanwhile.
    """
    asked(filled.control, hidden, ASKED)
    done, appended = threading.Event(), itertools.count()

    def append() -> None:
        with open_catalog(load_config(lake_home.environment).catalog) as iceberg:
            while not done.wait(0.3):
                at = {"topic_offset": NEW + next(appended)}
                append_rows(iceberg, "events", [row_of("events", "flows", "", 0) | at])

    writer = threading.Thread(target=append)
    writer.start()
    try:
        for allowed in itertools.count(8, 4):
            trino = Dying(filled.lake.trino.url, left=[allowed])
            try:
                dying = replace(filled, lake=replace(filled.lake, trino=trino))
                forget_persons(dying, datetime.now(UTC))
                break
            except Died:
                assert erasures.get(filled.control, hidden).rewritten_at is None
    finally:
        done.set()
        writer.join()
    return next(appended)


def test_their_rows_are_gone_from_every_table_and_nobody_elses(
    filled: Rooms, forgotten: int
) -> None:
    assert set(counts(filled.lake, GONE).values()) == {0}
    assert set(counts(filled.lake, USER).values()) == {0}
    assert set(counts(filled.lake, STAYS).values()) == {1}


def test_what_others_appended_meanwhile_is_all_there(filled: Rooms, forgotten: int) -> None:
    assert forgotten > 0
    assert counts(filled.lake, "flows")["events"] == forgotten


def test_payments_stay_in_the_books_of_nobody(filled: Rooms, forgotten: int) -> None:
    bodies = filled.lake.trino.rows(
        "SELECT json_extract_scalar(properties, '$.data.object.client_reference_id') AS named,"
        " json_extract_scalar(properties, '$.data.object.amount_total') AS paid"
        f" FROM lake.web.events WHERE site_id = '{SITE}' AND sender = 'webhook' ORDER BY event_id"
    )
    assert bodies == [{"named": None, "paid": "500"}, {"named": STAYS, "paid": "500"}]
    facts = filled.lake.trino.rows(
        "SELECT client_reference_id AS named, count(*) AS n FROM lake.web.revenue_events"
        f" WHERE site_id = '{SITE}' GROUP BY 1 ORDER BY 1"
    )
    assert facts == [{"named": STAYS, "n": 1}, {"named": None, "n": 1}]


def test_recordings_of_theirs_are_gone_whole(filled: Rooms, forgotten: int) -> None:
    assert filled.blobs.folders(f"{SITE}/2026-03-01/s") == [STAYS]


def test_no_file_tells_of_them_once_older_snapshots_have_gone(
    filled: Rooms, forgotten: int, hidden: int
) -> None:
    folder = warehouse(filled.iceberg)
    before = traces(folder, GONE)
    assert {Path(path).suffix for path in before} == {".parquet", ".avro"}
    expire_all(filled.iceberg)
    left = traces(folder, GONE) + traces(folder, USER)
    assert {Path(path).parts[0] for path in left} == {Path(erasures_table(filled.iceberg)).name}
    assert traces(folder, STAYS)


def erasures_table(iceberg: Iceberg) -> str:
    """Return where the table lies that has to know whom it hides."""
    return urlsplit(iceberg.load_table(("web", "erasures")).location()).path


def test_what_a_replay_brings_back_goes_again(filled: Rooms, forgotten: int, hidden: int) -> None:
    first = erasures.get(filled.control, hidden).rewritten_at
    again = row_of("events", GONE, USER, 0)
    append_rows(filled.iceberg, "events", [again])
    compact(filled.lake.trino, "events")
    forget_persons(filled, datetime.now(UTC))
    second = erasures.get(filled.control, hidden).rewritten_at
    assert first
    assert second
    assert second > first
    expire_all(filled.iceberg)
    left = traces(warehouse(filled.iceberg), GONE)
    assert {Path(path).parts[0] for path in left} == {Path(erasures_table(filled.iceberg)).name}


def test_their_ids_go_when_the_last_copy_has_and_edges_refuse_them_still(
    filled: Rooms, forgotten: int, hidden: int
) -> None:
    forget_persons(filled, datetime.now(UTC))
    assert erasures.get(filled.control, hidden).state == "rewritten"
    expire_all(filled.iceberg)
    later = datetime.now(UTC) + timedelta(days=60)

    forget_persons(filled, later)
    assert erasures.get(filled.control, hidden).visitor_ids == [GONE]
    forget_persons(filled, later)

    ended = erasures.get(filled.control, hidden)
    assert (ended.state, ended.visitor_ids, ended.user_id) == ("ended", [], None)
    expire_all(filled.iceberg)
    folder = warehouse(filled.iceberg)
    assert traces(folder, GONE) + traces(folder, USER) == []
    assert filled.control.execute("SELECT count(*) FROM erased_ids").fetchone() == (2,)


def test_a_snapshot_that_is_kept_longer_puts_the_end_off(filled: Rooms, forgotten: int) -> None:
    """The newest one of a Flink job stays while the job stands still."""
    table = filled.iceberg.load_table(("web", "friction_live"))
    rows = [row_of("friction_live", STAYS, "other", 0)]
    arrow = pa.Table.from_pylist(rows, schema=table.schema().as_arrow())
    table.append(arrow, snapshot_properties={"flink.job-id": "a", "flink.operator-id": "x"})
    table.append(arrow)
    expire_all(filled.iceberg)
    tables = rewritten_tables()
    kept = oldest_snapshot(filled.iceberg, tables)
    assert kept is not None
    table.append(arrow, snapshot_properties={"flink.job-id": "b", "flink.operator-id": "x"})
    expire_all(filled.iceberg)
    newer = oldest_snapshot(filled.iceberg, tables)
    assert newer is None or newer > kept
