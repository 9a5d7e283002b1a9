"""Exports hold what the view holds: of one site, of the days of its zone, in each format."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from pyarrow import parquet

from pipelines.batch.restate import Lake
from pipelines.lake.errors import LakeUnavailable, QueryFailed
from pipelines.lake.export.asked import Export, statement, tenant
from pipelines.lake.export.files import drafted, write_rows
from pipelines.lake.export.values import check_columns
from pipelines.lake.trino import Trino
from schemas.exports import Format
from schemas.load import DAY_COLUMNS
from tests.integration.stack import Stack
from tests.sql.rows import RUN, add_site, chunk, day_of_events, day_run, event, insert

SITE: Final = f"{RUN}-export"
OTHER: Final = f"{RUN}-export-other"
ZONE: Final = "Europe/Berlin"
DAY: Final = date(2026, 3, 29)  # clocks go forward: the day has 23 hours
BEGIN: Final = datetime(2026, 3, 28, 23, tzinfo=UTC)
END: Final = datetime(2026, 3, 29, 22, tzinfo=UTC)
TICK: Final = timedelta(microseconds=1)
TIMES: Final = (BEGIN - TICK, BEGIN, BEGIN + timedelta(hours=4), END - TICK, END)
Row = dict[str, Any]


@pytest.fixture(scope="module")
def url(lake: Lake, lake_home: Stack) -> str:
    for site in (SITE, OTHER):
        add_site(lake.trino, site, ZONE)
        insert(lake.trino, "events", [made(site, at) for at in TIMES])
        pieces = [chunk(site, f"{at:%H%M%S}-{site}", at) for at in TIMES]
        insert(lake.trino, "recording_chunks", pieces)
        insert(lake.trino, "day_runs", [day_run(site, DAY)])
        insert(lake.trino, "daily_event", [day_of_events(site_id=site, local_date=DAY)])
    return lake_home.url("trino")


def made(site: str, at: datetime) -> Row:
    """Return an event with a value, or none, that each format may get wrong."""
    day = at.astimezone(ZoneInfo(ZONE)).date()
    text = {"page_title": 'He said "a, b"\nand left', "properties": '{"a": "\\u00fc"}'}
    money = {"revenue_amount": Decimal("123456789.1"), "currency": "EUR", "page_search": ""}
    kept = {"seq": 7, "referrer": None, "client_at": at}
    return event(site_id=site, event_at=at, event_date=day, **text, **money, **kept)


def export(table: str, first: date | None = DAY, last: date | None = DAY) -> Export:
    return Export(SITE, ZONE, table, first, last)


def written(url: str, asked: Export, form: Format) -> bytes:
    out = io.BytesIO()
    with tenant(url, SITE).stream(*statement(asked)) as stream:
        write_rows(form, stream, out)
    return out.getvalue()


def read_parquet(content: bytes) -> list[Row]:
    rows: list[Row] = parquet.read_table(io.BytesIO(content)).to_pylist()
    return rows


def as_view(lake: Lake, table: str, more: str = "") -> list[Row]:
    """Return the view's rows, as the driver has them."""
    found = lake.trino.rows(
        f"SELECT * FROM lake.analytics.{table} WHERE site_id = '{SITE}'{more} ORDER BY 1, 2"
    )
    return found


def by_time(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: str(row["event_at"]))


OF_DAY: Final = f" AND event_date = DATE '{DAY}'"


def test_parquet_has_the_rows_and_the_types_of_the_view(lake: Lake, url: str) -> None:
    content = written(url, export("events"), Format.PARQUET)
    assert by_time(read_parquet(content)) == by_time(as_view(lake, "events", OF_DAY))
    schema = parquet.read_schema(io.BytesIO(content))
    types = ("event_at", "event_date", "revenue_amount", "is_bot", "seq", "topic_offset")
    assert [str(schema.field(name).type) for name in types] == [
        "timestamp[us, tz=UTC]", "date32[day]", "decimal128(18, 4)", "bool", "int32", "int64",
    ]  # fmt: skip


def test_json_is_a_line_a_row_with_exact_decimals_and_null(lake: Lake, url: str) -> None:
    lines = written(url, export("events"), Format.JSON).decode().splitlines()
    rows = by_time([json.loads(line) for line in lines])
    view = by_time(as_view(lake, "events", OF_DAY))
    assert [{name: plain(value) for name, value in row.items()} for row in view] == rows
    assert len(rows) == 3
    assert rows[0]["event_at"] == "2026-03-28T23:00:00.000000Z"
    assert (rows[0]["revenue_amount"], rows[0]["event_date"]) == ("123456789.1000", "2026-03-29")
    assert rows[0]["referrer"] is None
    assert rows[0]["page_search"] == ""


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    return str(value) if isinstance(value, Decimal | date) else value


def test_csv_reads_back_to_the_texts_of_json(url: str) -> None:
    text = written(url, export("events"), Format.CSV).decode()
    read = by_time(list(csv.DictReader(io.StringIO(text, newline=""))))
    lines = written(url, export("events"), Format.JSON).decode().splitlines()
    rows = by_time([json.loads(line) for line in lines])
    assert read == [{name: cell(value) for name, value in row.items()} for row in rows]
    assert read[0]["page_title"] == 'He said "a, b"\nand left'


def cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


@pytest.mark.parametrize("form", list(Format))
def test_only_the_days_of_the_site_and_only_the_site(url: str, form: Format) -> None:
    """One of the days has 23 hours; a moment before and after it are others'."""
    content = written(url, export("events"), form)
    assert OTHER.encode() not in content
    assert len(rows_of(content, form)) == 3
    assert len(rows_of(written(url, export("events", last=DAY + timedelta(1)), form), form)) == 4
    assert rows_of(written(url, export("events", DAY + timedelta(9), DAY + timedelta(9)), form),
                   form) == []  # fmt: skip


def rows_of(content: bytes, form: Format) -> list[Row]:
    if form is Format.PARQUET:
        return read_parquet(content)
    if form is Format.JSON:
        return [json.loads(line) for line in content.splitlines()]
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_a_view_of_moments_is_cut_where_the_local_day_begins(url: str) -> None:
    rows = read_parquet(written(url, export("recordings"), Format.PARQUET))
    assert sorted(row["started_at"] for row in rows) == [BEGIN, TIMES[2], END - TICK]
    assert {row["site_id"] for row in rows} == {SITE}
    assert all(row["storage_keys"] == [row["recording_id"]] for row in rows)


def test_every_view_can_be_exported(url: str, lake: Lake) -> None:
    """Each has a site and the column that its header calls the day, and types files know."""
    views = {row["table_name"] for row in lake.trino.rows(
        "SELECT table_name FROM lake.information_schema.tables WHERE table_schema = 'analytics'"
    )}  # fmt: skip
    # Rows of session_pages hold their place, for which files have no type; page_views has the rest.
    assert views - set(DAY_COLUMNS) == {"erasures", "session_pages"}
    for table, day in DAY_COLUMNS.items():
        asked = export(table) if day else export(table, None, None)
        with tenant(url, SITE).stream(*statement(asked)) as stream:
            check_columns(stream.columns)
            assert "site_id" in [column.name for column in stream.columns], table


def test_the_users_rows_are_fenced_beside_the_parameter(url: str) -> None:
    """Were the condition on the site wrong, Trino's row filter would still hold."""
    asked = Export(OTHER, ZONE, "events", DAY, DAY)
    with tenant(url, SITE).stream(*statement(asked)) as stream:
        assert list(stream.rows) == []


def test_a_failure_in_the_middle_of_the_rows_is_told(lake: Lake) -> None:
    sql = "SELECT 1 / (150000 - n) AS x FROM unnest(sequence(1, 10000)) AS a (m) CROSS JOIN " \
          "unnest(sequence(149990, 150010)) AS b (n)"  # fmt: skip
    with pytest.raises(QueryFailed, match="DIVISION_BY_ZERO"), lake.trino.stream(sql) as stream:
        list(stream.rows)


def test_what_is_left_early_is_cancelled(lake: Lake) -> None:
    mark = f"left_early_{RUN}"
    sql = (
        f"SELECT m, n, 'x' AS {mark} FROM unnest(sequence(1, 10000)) AS a (m)"
        " CROSS JOIN unnest(sequence(1, 10000)) AS b (n)"
    )
    with lake.trino.stream(sql) as stream:
        assert len(next(stream.rows)) == 2_000
    states = lake.trino.rows(
        "SELECT state FROM system.runtime.queries"
        f" WHERE query LIKE '%{mark}%' AND query NOT LIKE '%runtime.queries%'"
    )
    assert {row["state"] for row in states} <= {"FAILED", "FINISHED", "FINISHING"}


@pytest.fixture(scope="module")
def site_of_command(lake: Lake, lake_home: Stack) -> str:
    site = f"{RUN}-export-cli"
    lake_home.headwater("sites", "create", site, "--timezone", ZONE)
    insert(lake.trino, "events", [made(site, at) for at in TIMES])
    return site


def days(site: str, *words: str) -> list[str]:
    table = ["--table", "events", "--from", "2026-03-29", "--to", "2026-03-29"]
    return ["export", "--site", site, *table, *words]


def test_the_command_writes_data_to_stdout_and_the_rest_to_stderr(
    lake_home: Stack, site_of_command: str
) -> None:
    done = lake_home.headwater(*days(site_of_command, "--format", "json"))
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["site_id"] for row in rows] == [site_of_command] * 3
    assert done.stderr == "3 rows of events\n"


def test_the_command_writes_a_whole_file_or_none(
    lake_home: Stack, site_of_command: str, tmp_path: Path
) -> None:
    file = tmp_path / "events.parquet"
    lake_home.headwater(*days(site_of_command, "--format", "parquet", "-o", str(file)))
    assert len(read_parquet(file.read_bytes())) == 3
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_the_command_names_what_is_wrong(lake_home: Stack, tmp_path: Path) -> None:
    done = lake_home.headwater(*days("nobody", "-o", str(tmp_path / "x.csv")), check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no site 'nobody'" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_trino_that_is_away_leaves_no_file(tmp_path: Path) -> None:
    trino = Trino("http://127.0.0.1:1")

    def tried() -> None:
        with drafted(tmp_path / "x.csv") as out, trino.stream("SELECT 1") as stream:
            write_rows(Format.CSV, stream, out)

    with pytest.raises(LakeUnavailable):
        tried()
    assert list(tmp_path.iterdir()) == []
