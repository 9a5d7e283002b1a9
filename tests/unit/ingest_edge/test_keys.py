"""Keys: which are known, where they come from, what a file keeps."""

import json
from pathlib import Path

import pytest

from ingest_edge.errors import UnknownKey
from ingest_edge.key_store import KeyStore
from ingest_edge.keys import ring_of
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


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"fingerprint":1'])
def test_damaged_file_is_no_file(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keys.json"
    file.write_text(content)
    store = KeyStore("postgresql://nowhere.invalid:1/headwater", file)
    store.start()
    store.stop()
    assert not store.is_loaded
