"""The control plane on a real Postgres: migrations, sites, keys, links, restatements."""

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from serving.control import keys, links, migrate, restatements, sites
from serving.control.database import Connection, connect
from serving.control.errors import (
    ControlUnavailable,
    DuplicateSite,
    InvalidKey,
    InvalidRestatement,
    InvalidSite,
    UnknownKey,
    UnknownRestatement,
    UnknownSite,
)
from tests.integration.own_database import own_database
from tests.integration.stack import Stack


@pytest.fixture(scope="module")
def conn(stack: Stack) -> Iterator[Connection]:
    """A database of its own, migrated from nothing."""
    with own_database(stack) as own:
        yield own


@pytest.fixture
def site(conn: Connection) -> str:
    return sites.create_site(conn, f"s-{uuid.uuid4().hex[:8]}").site_id


def test_migrating_again_changes_nothing(conn: Connection) -> None:
    assert migrate.migrate(conn) == []


def test_an_edited_migration_is_refused(conn: Connection) -> None:
    (known,) = conn.execute("SELECT sha256 FROM migrations WHERE number = 1").fetchone() or ("",)
    conn.execute("UPDATE migrations SET sha256 = 'x' WHERE number = 1")
    with pytest.raises(migrate.EditedMigration, match="0001"):
        migrate.migrate(conn)
    conn.execute("UPDATE migrations SET sha256 = %s WHERE number = 1", [known])


def test_every_table_and_secret_has_its_comment(conn: Connection) -> None:
    found = conn.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND obj_description(oid) IS NULL AND relname <> 'migrations'"
    ).fetchall()
    assert found == []


def test_a_site_keeps_what_it_was_given(conn: Connection) -> None:
    made = sites.create_site(
        conn, "my-shop", name="Shop", timezone="Asia/Kathmandu", allowed_hosts=["WWW.Example.com"],
        retention_days=None,
    )  # fmt: skip
    assert sites.get_site(conn, "my-shop") == made
    assert (made.allowed_hosts, made.retention_days) == (["www.example.com"], None)
    assert made in sites.list_sites(conn)
    (secret,) = conn.execute(
        "SELECT visitor_secret FROM sites WHERE site_id = 'my-shop'"
    ).fetchone() or (b"",)
    assert len(secret) == 32
    with pytest.raises(DuplicateSite, match="my-shop"):
        sites.create_site(conn, "my-shop")


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("site_id", "My Shop"), ("site_id", ""), ("site_id", "-a"), ("site_id", "a" * 64),
     ("timezone", "Mars/Olympus"), ("timezone", "../UTC"), ("timezone", "+01:00"),
     ("allowed_hosts", ["https://example.com"]), ("allowed_hosts", ["example.com:80"]),
     ("allowed_hosts", ["*"]), ("retention_days", 0)],
)  # fmt: skip
def test_wrong_fields_are_named(conn: Connection, field: str, wrong: object) -> None:
    given = {"site_id": "fine"} | {field: wrong}
    with pytest.raises(InvalidSite) as caught:
        sites.create_site(conn, **given)  # type: ignore[arg-type]
    assert caught.value.field == field
    assert caught.value.fix


def test_an_unknown_site_is_said_to_be_unknown(conn: Connection) -> None:
    with pytest.raises(UnknownSite):
        sites.get_site(conn, "nowhere")
    with pytest.raises(UnknownSite):
        keys.create_key(conn, "nowhere", "api")
    with pytest.raises(UnknownSite):
        restatements.queue(conn, "nowhere", [date(2026, 1, 1)], "why")


def test_recording_is_switched_and_keeps_its_numbers(conn: Connection, site: str) -> None:
    sites.set_recording(conn, site, is_on=True, sample_percent=25, keep_days=7)
    sites.set_recording(conn, site, is_on=False)
    off = sites.set_recording(conn, site, is_on=False).settings["recording"]
    assert off == {"is_on": False, "sample_percent": 25, "keep_days": 7}
    on = sites.set_recording(conn, site, is_on=True, sample_percent=0).settings["recording"]
    assert on == {"is_on": True, "sample_percent": 0, "keep_days": 7}


@pytest.mark.parametrize(
    ("field", "value"), [("sample_percent", 101), ("sample_percent", -1), ("keep_days", 0)]
)
def test_numbers_no_recording_can_have_are_named(
    conn: Connection, site: str, field: str, value: int
) -> None:
    numbers: dict[str, Any] = {field: value}
    with pytest.raises(InvalidSite) as caught:
        sites.set_recording(conn, site, is_on=True, **numbers)
    assert caught.value.field == field


def test_a_key_is_shown_once_and_stored_as_its_hash(conn: Connection, site: str) -> None:
    key = keys.create_key(conn, site, "api", "dashboard")
    assert len(key) == len("hw_api_") + 32
    found = keys.find_key(conn, key)
    assert found is not None
    assert (found.site_id, found.kind, found.name, found.prefix) == (
        site, "api", "dashboard", key[:12],
    )  # fmt: skip
    stored = conn.execute("SELECT keys::text FROM keys WHERE site_id = %s", [site]).fetchall()
    assert all(key not in row[0] for row in stored)


def test_a_revoked_or_expired_key_does_not_count(conn: Connection, site: str) -> None:
    first, second = (keys.create_key(conn, site, "sec") for _ in range(2))
    old = keys.create_key(conn, site, "pub", expires_at=datetime.now(UTC) - timedelta(seconds=1))
    (listed, *_) = [one for one in keys.list_keys(conn, site) if one.prefix == first[:12]]
    keys.revoke_key(conn, listed.key_id)
    keys.revoke_key(conn, listed.key_id)
    assert keys.find_key(conn, first) is None
    assert keys.find_key(conn, old) is None
    assert keys.find_key(conn, second) is not None
    with pytest.raises(UnknownKey):
        keys.revoke_key(conn, "key_nothing")
    with pytest.raises(InvalidKey, match="admin"):
        keys.create_key(conn, site, "admin")


def test_use_is_remembered_to_the_minute(conn: Connection, site: str) -> None:
    found = keys.find_key(conn, keys.create_key(conn, site, "api"))
    assert found is not None
    keys.touch_key(conn, found.key_id)
    (first,) = [one.last_used_at for one in keys.list_keys(conn, site)]
    keys.touch_key(conn, found.key_id)
    assert [one.last_used_at for one in keys.list_keys(conn, site)] == [first]
    assert first is not None


def test_a_link_works_once(conn: Connection) -> None:
    token = links.create_sign_in_link(conn)
    session = links.redeem(conn, token)
    assert session is not None
    assert links.redeem(conn, token) is None
    assert links.redeem(conn, "forged") is None
    assert links.is_signed_in(conn, session)
    links.sign_out(conn, session)
    assert not links.is_signed_in(conn, session)


def test_an_old_link_does_not_work(conn: Connection) -> None:
    token = links.create_sign_in_link(conn)
    conn.execute("UPDATE sign_in_links SET expires_at = now()")
    assert links.redeem(conn, token) is None


def test_a_restatement_goes_its_way(conn: Connection, site: str) -> None:
    days = [date(2026, 3, 2), date(2026, 3, 1), date(2026, 3, 2)]
    number = restatements.queue(conn, site, days, "late events")
    assert restatements.get(conn, number).dates == [date(2026, 3, 1), date(2026, 3, 2)]
    assert number in [one.restatement_id for one in restatements.open_requests(conn)]
    assert restatements.start(conn, number, "run-1")
    assert not restatements.start(conn, number, "run-2")
    restatements.finish(conn, number)
    restatements.finish(conn, number, "too late to fail")
    done = restatements.wait(conn, number, timeout_seconds=5)
    assert (done.status, done.run_id, done.error) == ("done", "run-1", None)


def test_waiting_ends_with_the_time(conn: Connection, site: str) -> None:
    number = restatements.queue(conn, site, [date(2026, 3, 1)], "nobody takes it")
    assert restatements.wait(conn, number, 0.1, pause_seconds=0.02).status == "queued"


def test_no_dates_and_no_number_are_refused(conn: Connection, site: str) -> None:
    with pytest.raises(InvalidRestatement):
        restatements.queue(conn, site, [], "nothing")
    with pytest.raises(UnknownRestatement):
        restatements.get(conn, 999_999)


def test_an_absent_postgres_is_said_in_one_sentence() -> None:
    with pytest.raises(ControlUnavailable, match="does not answer") as caught:
        connect("postgresql://x:y@127.0.0.1:1/z", timeout_seconds=1)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value.__cause__, psycopg.OperationalError)
