"""Cookieless ids with the real edge and Postgres: they last as long as they must, and no longer."""

import time
import urllib.request
import uuid
from typing import Any, Final

import pytest

from ingest_edge.daily_ids import PREFIX
from tests.integration.commands import post
from tests.integration.edge_home import files_with
from tests.integration.edge_topics import values
from tests.integration.stack import Stack, TestSite

pytestmark = pytest.mark.slow

ADDRESS: Final = "89.160.20.112"  # of nobody we know
SALTS: Final = "SELECT zone, local_date, salt FROM visitor_salts ORDER BY 1, 2"


@pytest.fixture
def site(home: Stack) -> TestSite:
    made = home.make_site(f"daily-{uuid.uuid4().hex[:8]}", timezone="Pacific/Chatham")
    home.headwater("sites", "cookieless", made.site_id, "always")
    home.wait_until("the edge knows", lambda: _is_cookieless(home, made), 10)
    return made


def _is_cookieless(home: Stack, site: TestSite) -> bool:
    with urllib.request.urlopen(f"{home.url('edge')}/s.js?k={site.write_key}") as script:
        return b'"cookieless":"always"' in script.read(1_000)


def visitor(home: Stack, site: TestSite) -> str:
    """Send one event and return the visitor id that it got."""
    event = {"event_name": "page_view", "event_id": uuid.uuid4().hex}
    body: dict[str, Any] = {"key": site.write_key, "events": [event]}
    headers = {"X-Forwarded-For": ADDRESS}

    def is_taken() -> bool:
        try:
            return post(home.url("edge"), "/e", body, headers)[0] == 200
        except OSError:
            return False

    home.wait_until("the event is taken", is_taken, 60)
    found = values(home, "events")
    (ours,) = {e["visitor_id"] for e in found if e.get("event_id") == event["event_id"]}
    return str(ours)


def salts(home: Stack) -> list[tuple[Any, ...]]:
    with home.postgres() as control:
        return control.execute(SALTS).fetchall()


def test_id_survives_the_death_of_edge_and_postgres(home: Stack, site: TestSite) -> None:
    first = visitor(home, site)
    assert first.startswith(PREFIX)
    kept = salts(home)
    home.kill("edge")
    assert visitor(home, site) == first
    # An unlogged table is empty after a crash; the edge puts back what it holds.
    home.kill("postgres")

    def is_back() -> bool:
        try:
            return salts(home) == kept
        except Exception:
            return False

    home.wait_until("the same salts are back", is_back, 60)
    home.kill("edge")
    assert visitor(home, site) == first


def test_salt_whose_time_is_over_is_found_nowhere(home: Stack, site: TestSite) -> None:
    visitor(home, site)
    # Spelled out in bytes, so that finding it in a file is no accident.
    salt, logged = (uuid.uuid4().bytes + uuid.uuid4().bytes for _ in range(2))
    with home.postgres() as control:
        # What a table with a log would leave behind: the search finds it.
        control.execute("CREATE TABLE with_a_log (salt bytea)")
        control.execute("INSERT INTO with_a_log VALUES (%s)", [logged])
        control.execute(
            "INSERT INTO visitor_salts VALUES ('UTC', '2020-01-01', %s, now() + interval '4 s')",
            [salt],
        )
        control.execute("CHECKPOINT")
        assert "pg_wal" in {path.parent.name for path in files_with(home.home, logged)}
        # As long as it lives it stands in its table, and in no log that is kept or archived.
        assert all("base" in path.parts for path in files_with(home.home, salt))
        home.wait_until("destroyed", lambda: salt not in {s for _, _, s in salts(home)}, 20)
        time.sleep(1)  # the deleted row is there until the file is written anew
        control.execute("CHECKPOINT")
    assert files_with(home.home, salt) == []


def test_address_of_a_cookieless_visitor_is_found_nowhere(home: Stack, site: TestSite) -> None:
    found = visitor(home, site)
    assert files_with(home.home, found.encode()) != []
    assert files_with(home.home, ADDRESS.encode()) == []
