"""A person's export holds all of theirs once, and nothing of anybody else."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from pipelines.batch.erasures.model import record
from pipelines.batch.restate import Lake, restate
from pipelines.blobs import Blobs, open_blobs
from pipelines.lake.export.asked import tenant
from pipelines.lake.export.person import Archive, pack
from pipelines.lake.persons import Person
from tests.integration.stack import Stack
from tests.sql.rows import RUN, add_site, event, identity, insert
from tests.sql.test_erasures import AT, DAY, rows_of

SITE: Final = f"{RUN}-person"
ME: Final = Person(SITE, ("mine",), "user-mine")
PIECE: Final = b'[{"type":4,"timestamp":1}]'


@dataclass(frozen=True)
class Opened:
    """What stands in an archive."""

    lines: dict[str, list[dict[str, Any]]]
    files: dict[str, bytes]

    @property
    def readme(self) -> str:
        return self.files["README.txt"].decode()


Export = Callable[[Person], Opened]


@pytest.fixture(scope="module")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Blobs:
    return open_blobs(tmp_path_factory.mktemp("recordings").as_uri())


@pytest.fixture(scope="module")
def export(lake: Lake, lake_home: Stack, blobs: Blobs) -> Export:
    add_site(lake.trino, SITE)
    for visitor in ("mine", "foreign", "vanished"):
        for table, rows in rows_of(SITE, visitor, f"user-{visitor}", visitor).items():
            insert(lake.trino, table, rows)
    copied = event(site_id=SITE, visitor_id="mine", event_at=AT, event_id="sent-twice")
    insert(lake.trino, "events", [copied, {**copied, "topic_offset": copied["topic_offset"] + 1}])
    blobs.put(f"{SITE}/2026-03-01/s/r-mine/000000.json.gz", gzip.compress(PIECE))
    blobs.put(f"{SITE}/2026-03-01/s/r-foreign/000000.json.gz", gzip.compress(b"[1]"))
    for _ in range(2):  # the second one supersedes the first
        restate(lake, SITE, [DAY], "test")
    record(lake.trino, 1, Person(SITE, ("vanished",), "user-vanished"), AT, datetime.now(UTC))

    def packed(person: Person) -> Opened:
        out = io.BytesIO()
        trino = tenant(lake_home.url("trino"), person.site_id)
        pack(Archive(trino, blobs, 21), person, datetime.now(UTC), out)
        return read(out.getvalue())

    return packed


def read(content: bytes) -> Opened:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    lines = {
        name.removesuffix(".ndjson"): [json.loads(line) for line in content.splitlines()]
        for name, content in files.items()
        if name.endswith(".ndjson")
    }
    return Opened(lines, files)


def test_all_that_is_held_is_there_once(export: Export) -> None:
    found = export(ME)
    assert {name: len(rows) for name, rows in found.lines.items()} == {
        "events": 5,
        "identity_calls": 1,
        "sessions": 3,
        "visitors": 2,
        "conversions": 1,
        "friction": 1,
        "touchpoints": 1,
        "attribution": 8,
        "recordings": 1,
        "revenue_events": 1,
        "first_seen": 1,
    }
    assert [row["event_id"] for row in found.lines["events"]].count("sent-twice") == 1


def test_nothing_of_anybody_else_is_there(export: Export) -> None:
    for name, content in export(ME).files.items():
        for other in (b"foreign", b"vanished", b'"site_id":"' + RUN.encode() + b"-erase"):
            assert other not in content, name


def test_pieces_of_recordings_are_readable_json(export: Export) -> None:
    assert export(ME).files["recordings/r-mine/000000.json"] == PIECE


def test_the_readme_says_what_each_file_is_and_until_when(export: Export) -> None:
    found = export(ME)
    for name, rows in found.lines.items():
        assert f"{name}.ndjson ({len(rows)} lines)" in found.readme
        for column in rows[0]:
            assert f"\n    {column}: " in found.readme, (name, column)
    assert "Kept for 21 days" in found.readme
    assert "A line is one session recording" in found.readme
    assert "user_id: user-mine" in found.readme


def test_a_piece_that_is_not_there_is_named(export: Export, lake: Lake) -> None:
    """The row came, the object did not: nothing else is missing for it."""
    site = f"{RUN}-person-torn"
    add_site(lake.trino, site)
    insert(lake.trino, "recording_chunks", rows_of(site, "mine", "u", "torn")["recording_chunks"])
    found = export(Person(site, ("mine",)))
    assert set(found.files) == {"recordings.ndjson", "README.txt"}
    assert f"{site}/2026-03-01/s/r-torn/000000.json.gz: " in found.readme


def test_of_a_shared_browser_only_what_the_user_did(export: Export, lake: Lake) -> None:
    site = f"{RUN}-person-shared"
    add_site(lake.trino, site)
    kiosk, home = {"site_id": site, "visitor_id": "kiosk"}, {"site_id": site, "visitor_id": "home"}
    rows = [
        event(**kiosk, event_at=AT, user_id="ann"),
        event(**kiosk, event_at=AT + timedelta(hours=2), user_id="bob"),
        event(**kiosk, event_at=AT + timedelta(hours=4)),
        event(**home, event_at=AT),
    ]
    insert(lake.trino, "events", rows)
    insert(lake.trino, "identities", [identity(**home, user_id="ann", event_at=AT)])
    restate(lake, site, [DAY], "test")
    found = export(Person(site, ("home",), "ann"))
    events = [(row["visitor_id"], row["user_id"]) for row in found.lines["events"]]
    assert sorted(events, key=str) == [("home", None), ("kiosk", "ann")]
    assert [row["visitor_id"] for row in found.lines["visitors"]] == ["home"]
    assert b"bob" not in b"".join(found.files.values())


def test_of_an_erased_person_there_is_nothing(export: Export) -> None:
    found = export(Person(SITE, ("vanished",), "user-vanished"))
    assert set(found.files) == {"README.txt"}
    assert "Headwater shows nothing of this person." in found.readme
    assert "asked to forget them on 2026-03-01" in " ".join(found.readme.split())


def test_the_command_finds_their_browsers_and_refuses_those_of_several(
    lake: Lake, lake_home: Stack, tmp_path: Path
) -> None:
    site = f"{RUN}-person-cli"
    lake_home.headwater("sites", "create", site)
    seen = {"site_id": site, "event_at": AT}
    rows = [
        event(**seen, visitor_id="kiosk", user_id="ann"),
        event(**seen, visitor_id="kiosk", user_id="bob"),
        event(**seen, visitor_id="home", user_id="ann"),
        event(**seen, visitor_id="home"),
    ]
    insert(lake.trino, "events", rows)
    file = tmp_path / "ann.zip"
    words = ["export-person", "--site", site, "-o", str(file)]
    refused = lake_home.headwater(*words, "--visitor", "kiosk", check=False)
    assert refused.returncode == 2
    assert "several users: kiosk" in refused.stderr
    assert list(tmp_path.iterdir()) == []
    done = lake_home.headwater(*words, "--user", "ann")
    assert done.stdout == ""
    assert "shared with other users" in done.stderr
    events = [
        (row["visitor_id"], row["user_id"]) for row in read(file.read_bytes()).lines["events"]
    ]
    assert sorted(events, key=str) == [("home", "ann"), ("home", None), ("kiosk", "ann")]
