"""Keys: which are known, where they come from, what a file keeps."""

import json
import time
from pathlib import Path
from typing import Self

import psycopg
import pytest

from ingest_edge.errors import UnknownKey
from ingest_edge.key_store import KeyStore
from ingest_edge.keys import Row, ring_of
from schemas.erased import erased_digest
from tests.unit.ingest_edge.fakes import NOW, PUB, SEC, key_row, site_row


def test_key_ends_at_its_moment() -> None:
    ring = ring_of([site_row("shop")], [key_row(PUB, "shop", expires_at=NOW)])
    assert ring.find(PUB, NOW - 1).site.site_id == "shop"
    with pytest.raises(UnknownKey) as caught:
        ring.find(PUB, NOW)
    assert caught.value.given_code == "expired_key"


def test_key_of_no_site_is_unknown() -> None:
    ring = ring_of([], [key_row(PUB, "gone")])
    with pytest.raises(UnknownKey):
        ring.find(PUB, NOW)


def test_key_is_bound_to_its_own_hosts_and_its_sites() -> None:
    sites = [site_row("shop", allowed_hosts=["a.example", "b.example"])]
    ring = ring_of(sites, [key_row(PUB, "shop", allowed_hosts=["a.example"]), key_row(SEC, "shop")])
    bound, free = ring.find(PUB, NOW), ring.find(SEC, NOW)
    hosts = ("a.example", "b.example", "c.example", None)
    assert [bound.allows(host) for host in hosts] == [True, False, False, True]
    assert [free.allows(host) for host in hosts] == [True, True, False, True]
    assert [ring.knows_host(host) for host in hosts] == [True, True, False, False]


def test_site_with_odd_settings_still_takes_events() -> None:
    rows = [
        site_row("a", settings=None),
        site_row("b", settings={"channel_rules": "none", "respect_dnt": False}),
        site_row("c", settings={"channel_rules": [{"chanel": "Typo"}]}),
        site_row("d", timezone="Nowhere/Land"),
    ]
    ring = ring_of(rows, [key_row(f"k{row['site_id']}", row["site_id"]) for row in rows])
    sites = {site_id: ring.find(f"k{site_id}", NOW).site for site_id in "abcd"}
    assert all(site.channel_rules == () for site in sites.values())
    assert [sites["a"].respects_dnt, sites["b"].respects_dnt] == [True, False]
    assert sites["d"].timezone == "UTC"


def test_edge_started_while_postgres_is_away_knows_the_keys_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    rows = {"fingerprint": "f", "sites": [site_row("shop")], "keys": [key_row(PUB, "shop")]}
    file.write_text(json.dumps(rows))
    store = KeyStore("postgresql://nowhere.invalid:1/headwater", file)
    store.start()
    try:
        assert (store.is_loaded, store.is_stale) == (True, True)
        assert store.ring.find(PUB, NOW).kind == "pub"
    finally:
        store.stop()


class FakePostgres:
    """Answers the store's four queries; a fault of the test's choice comes once, before that."""

    def __init__(self, fault: Exception) -> None:
        self.fault: Exception | None = fault

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def execute(self, sql: str) -> Self:
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        tables = {
            "FROM keys WHERE": key_row(PUB, "shop"),
            "digest FROM erased_ids": {
                "site_id": "shop",
                "digest": erased_digest(b"\x07" * 32, "visitor", "gone").hex(),
            },
        }
        found = [row for words, row in tables.items() if words in sql]
        self.rows = found or [site_row("shop")]
        return self

    def fetchone(self) -> Row:
        return {"md5": "new"}

    def fetchall(self) -> list[Row]:
        return self.rows


@pytest.mark.parametrize("fault", [psycopg.OperationalError("gone"), ValueError("odd row")])
def test_reading_goes_on_after_a_fault_and_without_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    postgres = FakePostgres(fault)
    monkeypatch.setattr("ingest_edge.key_store.psycopg.connect", lambda *_, **__: postgres)
    monkeypatch.setattr("ingest_edge.key_store._REFRESH_SECONDS", 0.01)
    blocked = tmp_path / "file"
    blocked.write_text("a file where a folder should be")
    store = KeyStore("postgresql://nowhere/", blocked / "keys.json")
    store.start()
    deadline = time.monotonic() + 20
    while store.is_stale and time.monotonic() < deadline:
        time.sleep(0.01)
    store.stop()
    assert (store.is_loaded, store.is_stale) == (True, False)
    site = store.ring.find(PUB, NOW).site
    assert site.site_id == "shop"
    assert (site.has_erased("gone", None), site.has_erased("here", None)) == (True, False)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"fingerprint":1'])
def test_damaged_file_is_no_file(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keys.json"
    file.write_text(content)
    store = KeyStore("postgresql://nowhere.invalid:1/headwater", file)
    store.start()
    store.stop()
    assert not store.is_loaded
