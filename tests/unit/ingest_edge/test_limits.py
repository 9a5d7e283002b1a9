"""Limits: what one key and one address may ask of the edge, and what refused senders are told."""

import gc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_edge.address import network_of
from ingest_edge.keys import ring_of
from ingest_edge.limits import Buckets, Limits
from ingest_edge.metrics import Metrics
from schemas.load import RULES
from tests.unit.ingest_edge.fakes import API, CLIENT, PUB, SEC, Caller, key_row, site_row

VIEW = {"event_name": "page_view"}
LIMITS = RULES.limits
# 203.0.113.0/24, the usual example, counts as private: nobody has it.
SOMEBODY = "8.8.4.4"


def limit_to(edge: Caller, **per_minute: int) -> None:
    """Give the shop's keys limits of their own."""
    texts = {"pub": PUB, "sec": SEC, "api": API}
    keys = [
        key_row(text, "shop", requests_per_minute=per_minute.get(kind))
        for kind, text in texts.items()
    ]
    edge.app.edge.keys.ring = ring_of([site_row("shop", allowed_hosts=["shop.example"])], keys)


def limit_addresses(edge: Caller, per_minute: int) -> None:
    limits = Limits(edge.app.edge.metrics, lambda: edge.time.now / 1000, per_minute)
    object.__setattr__(edge.app.edge, "limits", limits)


def send(edge: Caller, key: str = PUB, **headers: str) -> Any:
    body = {"visitor_id": "v", "events": [VIEW]}
    return edge.post(
        "/e", body, key=key, headers={n.replace("_", "-"): v for n, v in headers.items()}
    )


def test_key_past_its_limit_is_told_when_to_come_again(edge: Caller) -> None:
    limit_to(edge, pub=3)
    answers = [send(edge, origin="https://shop.example") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    refused = answers[-1]
    assert refused.headers["content-type"] == "application/problem+json"
    assert (refused.json()["code"], refused.json()["errors"][0]["loc"]) == ("rate_limited", "key")
    assert refused.headers["retry-after"] == "20"
    assert refused.headers["ratelimit-policy"] == '"key";q=3;w=60'
    assert refused.headers["ratelimit"] == '"key";r=0;t=20'
    # A browser may read all of it: without CORS it would see no answer and come again at once.
    assert refused.headers["access-control-allow-origin"] == "https://shop.example"
    assert "Retry-After" in refused.headers["access-control-expose-headers"]
    assert len(edge.events()) == 3
    edge.time.now += 19_999
    assert send(edge).status_code == 429
    edge.time.now += 1
    assert send(edge).status_code == 200
    metrics = edge.app.edge.metrics
    assert metrics.count("headwater_edge_requests_limited_total", "key") == 2


def test_requests_are_counted_not_events(edge: Caller) -> None:
    limit_to(edge, pub=1)
    body = {"visitor_id": "v", "events": [VIEW] * 100}
    assert [edge.post("/e", body).status_code for _ in range(2)] == [200, 429]


def test_keys_have_buckets_of_their_own_and_the_usual_limits(edge: Caller) -> None:
    limit_to(edge, pub=1)
    assert [send(edge).status_code for _ in range(2)] == [200, 429]
    assert send(edge, key=SEC).status_code == 200
    keys = ring_of([site_row("shop")], [key_row(PUB, "shop"), key_row(SEC, "shop")])
    usual = [keys.find(text, 0).requests_per_minute for text in (PUB, SEC)]
    assert usual == [LIMITS.pub_requests_per_minute, LIMITS.sec_requests_per_minute]


def test_foreign_page_cannot_use_up_a_sites_key(edge: Caller) -> None:
    limit_to(edge, pub=1)
    for _ in range(5):
        assert send(edge, origin="https://evil.example").status_code == 403
    assert send(edge, origin="https://shop.example").status_code == 200


def test_loading_the_script_takes_nothing_from_the_key(edge: Caller) -> None:
    limit_to(edge, pub=1)
    answers = [edge.request("GET", f"/s.js?k={PUB}", key=None) for _ in range(5)]
    assert 429 not in [answer.status_code for answer in answers]


def test_address_past_its_limit_is_refused_whatever_key_it_tries(edge: Caller) -> None:
    edge.client = SOMEBODY
    limit_addresses(edge, 2)
    statuses = [send(edge, key=key).status_code for key in (PUB, "hw_pub_x", "hw_pub_y", PUB)]
    assert statuses == [200, 401, 429, 429]
    # A back end is known by its secret key, whatever address it has.
    assert send(edge, key=SEC).status_code == 200
    edge.client = "8.8.4.5"
    assert send(edge).status_code == 200


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.1.2.3", "192.168.0.9", CLIENT, None])
def test_private_addresses_are_no_sender(edge: Caller, address: str | None) -> None:
    edge.client = address
    limit_addresses(edge, 1)
    assert [send(edge).status_code for _ in range(3)] == [200, 200, 200]


def test_no_address_is_kept(edge: Caller) -> None:
    edge.client = SOMEBODY
    assert send(edge).status_code == 200
    limits = edge.app.edge.limits
    held = [thing for thing in gc.get_referents(limits, *gc.get_referents(limits))]
    names = [name for thing in held if isinstance(thing, dict) for name in thing]
    assert any(isinstance(name, bytes) for name in names)
    network = network_of(SOMEBODY)
    assert not [n for n in names if SOMEBODY in str(n) or (isinstance(n, bytes) and network in n)]  # type: ignore[operator]
    # The same address in another process is another bucket: what is kept tells nothing.
    assert _bucket(Limits(Metrics())) != _bucket(Limits(Metrics()))


def _bucket(limits: Limits) -> bytes:
    limits.count_address(SOMEBODY)
    buckets: Buckets = limits._addresses  # noqa: SLF001
    return next(iter(buckets._recent))  # noqa: SLF001


@pytest.mark.parametrize(
    ("address", "same"),
    [
        ("1.2.3.4", "::ffff:1.2.3.4"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
        ("2001:DB8:1:2::1", "2001:0db8:0001:0002::"),
    ],
)
def test_one_client_has_one_network(address: str, same: str) -> None:
    assert network_of(address) == network_of(same) is not None


@pytest.mark.parametrize("text", [None, "", "unknown", "1.2.3", "1.2.3.4.5", "::g", "\0", "1" * 99])
def test_what_is_no_address_has_no_network(text: str | None) -> None:
    assert network_of(text) is None


def test_memory_has_a_bound_and_a_quiet_minute_empties_it() -> None:
    buckets = Buckets(max_buckets=100)
    for number in range(1_000):
        buckets.take(b"%d" % number, 1, now=1.0)
    assert len(buckets) <= 200
    buckets.take(b"a", 1, now=62.0)
    buckets.take(b"a", 1, now=123.0)
    assert len(buckets) == 2


@given(st.integers(1, 50), st.lists(st.floats(0, 90, allow_nan=False), min_size=1, max_size=200))
def test_no_more_pass_than_a_bucket_and_its_refill(per_minute: int, pauses: list[float]) -> None:
    buckets, now, passed = Buckets(), 1.0, []
    for pause in pauses:
        now += pause / 10
        wait = buckets.take(b"k", per_minute, now)
        if not wait:
            passed.append(now)
        else:
            # What the sender is told is true: not before, and surely then.
            assert wait <= 60 / per_minute + 1e-6
    for first, start in enumerate(passed):
        for last in range(first, len(passed)):
            allowed = per_minute * (1 + (passed[last] - start) / 60)
            assert last - first + 1 <= allowed + 1 + 1e-6


def test_waiting_as_told_is_enough() -> None:
    buckets = Buckets()
    assert [buckets.take(b"k", 2, 1.0) for _ in range(3)][:2] == [0.0, 0.0]
    wait = buckets.take(b"k", 2, 1.0)
    assert buckets.take(b"k", 2, 1.0 + wait - 0.01) > 0
    assert buckets.take(b"k", 2, 1.0 + wait + 1e-6) == 0.0


def test_keys_file_of_an_older_edge_has_no_limits() -> None:
    old = {n: v for n, v in key_row(PUB, "shop").items() if n != "requests_per_minute"}
    key = ring_of([site_row("shop")], [old]).find(PUB, 0)
    assert key.requests_per_minute == LIMITS.pub_requests_per_minute
