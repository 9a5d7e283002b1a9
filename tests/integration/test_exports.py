"""Exports that are asked for over the API: on a real Postgres, and one through everything."""

import io
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx
import pytest
from pyarrow import parquet

from orchestration.exports import forget_old, write_queued
from schemas.exports import Format
from schemas.load import RULES
from serving.control import exports, keys, sites
from serving.control.database import Connection, connect
from serving.control.errors import InvalidExport, UnknownExport, UnknownSite
from serving.control.exports import ExportJob
from tests.integration import lake_rows
from tests.integration.own_api import Ask, own_api
from tests.integration.own_database import own_database
from tests.integration.stack import Stack

DAY: Final = date(2026, 3, 29)
NOBODY: Final = "http://127.0.0.1:9"  # the port of `discard`: no Trino listens there
KEEP: Final = timedelta(days=RULES.exports.keep_days)


@pytest.fixture(scope="module")
def database(home: Stack) -> Iterator[Connection]:
    with own_database(home) as own:
        yield own


@pytest.fixture
def conn(database: Connection) -> Connection:
    """No export is left of another test."""
    database.execute("DELETE FROM exports")
    return database


@pytest.fixture
def site(conn: Connection) -> str:
    made = sites.create_site(conn, f"s-{uuid.uuid4().hex[:8]}", timezone="Europe/Berlin")
    return made.site_id


@pytest.fixture
def ask(conn: Connection, tmp_path: Path) -> Iterator[Ask]:
    with own_api(conn, tmp_path) as asking:
        yield asking


def request(conn: Connection, site: str) -> ExportJob:
    return exports.request(conn, site, "events", DAY, DAY, Format.CSV)


def done(conn: Connection, site: str, folder: Path) -> ExportJob:
    """Return an export whose file says `a`, as a run leaves it."""
    job = request(conn, site)
    assert exports.take(conn, "run")
    (folder / job.file_name).write_bytes(b"a\n")
    exports.finish(conn, job.export_id, row_count=0, file_bytes=2)
    return exports.get(conn, site, job.export_id)


@pytest.mark.parametrize(
    ("table", "first", "last", "field"),
    [
        ("erasures", None, None, "table"),
        ("events", None, DAY, "from"),
        ("events", DAY, None, "to"),
        ("events", DAY, date(2026, 3, 28), "to"),
        ("users", DAY, DAY, "from"),
    ],
)
def test_what_is_no_export_is_refused_by_its_field(
    conn: Connection, site: str, table: str, first: date | None, last: date | None, field: str
) -> None:
    with pytest.raises(InvalidExport) as caught:
        exports.request(conn, site, table, first, last, Format.CSV)
    assert (caught.value.field, bool(caught.value.fix)) == (field, True)
    assert exports.of_site(conn, site) == []


def test_only_so_many_of_a_site_wait(conn: Connection, site: str) -> None:
    for _ in range(RULES.exports.max_open):
        request(conn, site)
    with pytest.raises(InvalidExport, match=f"{RULES.exports.max_open} exports"):
        request(conn, site)
    assert exports.take(conn, "run")
    with pytest.raises(InvalidExport):
        request(conn, site)  # one that runs is open still
    other = sites.create_site(conn, f"o-{uuid.uuid4().hex[:8]}").site_id
    assert request(conn, other).status == "queued"
    with pytest.raises(UnknownSite):
        request(conn, "nowhere")


def test_each_export_is_taken_once_oldest_first(conn: Connection, site: str) -> None:
    asked = [request(conn, site).export_id for _ in range(6)]
    address = f"{conn.info.dsn} password={conn.info.password}"

    def take_two(run_id: str) -> list[str]:
        with connect(address) as own:
            return [job.export_id for _ in range(2) if (job := exports.take(own, run_id))]

    with ThreadPoolExecutor(3) as pool:
        taken = list(pool.map(take_two, ("a", "b", "c")))
    assert sorted(sum(taken, [])) == sorted(asked)
    assert all(one == sorted(one, key=asked.index) for one in taken)
    assert exports.take(conn, "d") is None


def test_the_first_verdict_stays(conn: Connection, site: str) -> None:
    job = request(conn, site)
    exports.finish(conn, job.export_id, 1, 1)
    assert exports.get(conn, site, job.export_id).status == "queued", "nobody wrote it"
    exports.fail(conn, job.export_id, "its run ended")
    exports.finish(conn, job.export_id, 1, 1)
    exports.fail(conn, job.export_id, "something else")
    found = exports.get(conn, site, job.export_id)
    assert (found.status, found.error, found.row_count) == ("failed", "its run ended", None)


def test_a_lake_that_is_away_fails_each_export_and_says_so(
    conn: Connection, site: str, tmp_path: Path
) -> None:
    asked = [request(conn, site), request(conn, site)]
    failures = write_queued(conn, NOBODY, tmp_path, "run")
    assert [line.partition(":")[0] for line in failures] == [job.export_id for job in asked]
    for job in asked:
        found = exports.get(conn, site, job.export_id)
        assert (found.status, "Trino" in (found.error or "")) == ("failed", True)
    assert list(tmp_path.iterdir()) == []


def test_files_go_with_what_is_known_of_them(conn: Connection, site: str, tmp_path: Path) -> None:
    job = done(conn, site, tmp_path)
    writing = request(conn, site)
    draft = tmp_path / f".{writing.file_name}.0a1b"
    draft.touch()
    (tmp_path / ".exp_lost.csv.0a1b").touch()
    now = datetime.now(UTC)
    assert forget_old(conn, tmp_path, now) == 1
    assert {path.name for path in tmp_path.iterdir()} == {job.file_name, draft.name}
    assert forget_old(conn, tmp_path, now + KEEP + timedelta(minutes=1)) == 2
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UnknownExport):
        exports.get(conn, site, job.export_id)


def test_the_api_tells_how_far_it_is_and_hands_the_file_out(
    conn: Connection, site: str, ask: Ask, tmp_path: Path
) -> None:
    key, path = keys.create_key(conn, site, "api"), f"/api/v1/sites/{site}/exports"
    wanted = {"table": "events", "from": "2026-03-29", "to": "2026-03-29", "format": "csv"}
    made = ask("POST", path, key, json=wanted)
    assert (made.status_code, made.json()["status"]) == (202, "queued")
    assert wanted.items() <= made.json().items()
    one = f"{path}/{made.json()['export_id']}"
    early = ask("GET", f"{one}/file", key)
    assert (early.status_code, "queued" in early.json()["detail"]) == (409, True)
    exports.fail(conn, made.json()["export_id"], "Trino does not answer.")
    failed = ask("GET", f"{one}/file", key)
    assert (failed.status_code, "Trino" in failed.json()["detail"]) == (409, True)
    job = done(conn, site, tmp_path)
    file = ask("GET", f"{path}/{job.export_id}/file", key)
    assert (file.status_code, file.content) == (200, b"a\n")
    name = f"{site}-events-2026-03-29-2026-03-29.csv"
    assert file.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert file.headers["cache-control"] == "no-store"
    listed = ask("GET", path, key).json()["exports"]
    assert [each["status"] for each in listed] == ["done", "failed"]
    (tmp_path / job.file_name).unlink()
    assert ask("GET", f"{path}/{job.export_id}/file", key).status_code == 404


def test_the_api_names_the_wrong_field(conn: Connection, site: str, ask: Ask) -> None:
    key, path = keys.create_key(conn, site, "api"), f"/api/v1/sites/{site}/exports"
    for body, loc in (
        ({"table": "events"}, ["from"]),
        ({"table": "users", "format": "xlsx"}, ["format"]),
        ({"table": "users", "where": "1 = 1"}, ["where"]),
        ({"table": "../../etc/passwd"}, ["table"]),
    ):
        wrong = ask("POST", path, key, json=body)
        assert (wrong.status_code, wrong.json()["errors"][0]["loc"]) == (422, loc)


def test_nobody_reaches_the_exports_of_another_site(
    conn: Connection, site: str, ask: Ask, tmp_path: Path
) -> None:
    job = done(conn, site, tmp_path)
    other = sites.create_site(conn, f"o-{uuid.uuid4().hex[:8]}").site_id
    key = keys.create_key(conn, other, "api")
    for path in ("", f"/{job.export_id}", f"/{job.export_id}/file"):
        assert ask("GET", f"/api/v1/sites/{site}/exports{path}", key).status_code == 403
        if path:
            mine = ask("GET", f"/api/v1/sites/{other}/exports{path}", key)
            assert mine.status_code == 404
    wanted = {"table": "users"}
    assert ask("POST", f"/api/v1/sites/{site}/exports", key, json=wanted).status_code == 403
    for name in ("..%2Fpasswd", "exp_%00", "x" * 41):
        odd = ask("GET", f"/api/v1/sites/{other}/exports/{name}/file", key)
        assert odd.status_code in (404, 422)


def test_a_file_is_written_by_dagster_and_fetched_over_the_api(stack: Stack) -> None:
    name = f"exported-{uuid.uuid4().hex[:8]}"
    site = stack.make_site(name, timezone="Europe/Berlin")
    seed = lake_rows.make(name, "Europe/Berlin", [DAY], 40, Random(7))
    lake_rows.put(stack, seed)
    headers = {"Authorization": f"Bearer {site.api_key}"}
    path = f"/api/v1/sites/{name}/exports"
    with httpx.Client(base_url=stack.url("serving"), headers=headers, timeout=60) as api:
        wanted = {"table": "events", "from": DAY.isoformat(), "to": DAY.isoformat()}
        asked = api.post(path, json=wanted).json()

        def ended() -> dict[str, Any] | None:
            found: dict[str, Any] = api.get(f"{path}/{asked['export_id']}").json()
            return found if found["status"] in ("done", "failed") else None

        told = stack.wait_until("the export to end", ended, seconds=180, pause=1)
        assert told["status"] == "done", told["error"]
        content = api.get(f"{path}/{asked['export_id']}/file").content
    rows = parquet.read_table(io.BytesIO(content)).to_pylist()
    assert {row["event_id"] for row in rows} == {row["event_id"] for row in seed.events}
    assert (told["rows"], told["bytes"]) == (len(seed.events), len(content))
