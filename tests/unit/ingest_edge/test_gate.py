"""The gate: which pages may send, what a page may read, sites that are switched off."""

from typing import Any

import pytest

from ingest_edge.keys import is_listed, ring_of
from serving.control.errors import InvalidSite
from serving.control.sites import checked_host
from tests.unit.ingest_edge.fakes import PUB, SEC, Caller, key_row, site_row

SHOP = "https://www.shop.example"
VIEW = {"event_name": "page_view"}
BODY = {"visitor_id": "v", "events": [VIEW]}


def use(edge: Caller, *hosts: str, **settings: Any) -> None:
    """Give the shop hosts and settings."""
    row = site_row("shop", allowed_hosts=list(hosts), settings=settings)
    edge.app.edge.keys.ring = ring_of([row], [key_row(PUB, "shop"), key_row(SEC, "shop")])


@pytest.mark.parametrize(
    ("host", "is_in"),
    [
        ("example.org", False),
        ("www.example.org", True),
        ("a.b.example.org", True),
        ("evilexample.org", False),
        ("example.org.evil.net", False),
        ("exact.example.net", True),
        ("sub.exact.example.net", False),
        ("", False),
        (".", False),
        ("*.example.org", True),
        ("org", False),
        (".".join("a" * 200), False),
    ],
)
def test_host_below_a_listed_domain(host: str, is_in: bool) -> None:
    assert is_listed(host, frozenset({"*.example.org", "exact.example.net"})) is is_in


def test_wildcards_are_written_like_hosts() -> None:
    assert checked_host(" *.Example.ORG ") == "*.example.org"
    for wrong in ("*", "*.", "*.org", "a.*.org", "*example.org", "**.example.org", "*.a.org/x"):
        with pytest.raises(InvalidSite):
            checked_host(wrong)


def test_page_below_a_listed_domain_may_send_and_read_the_answer(edge: Caller) -> None:
    use(edge, "*.shop.example")
    good = edge.post("/e", BODY, headers={"origin": SHOP})
    bad = edge.post("/e", BODY, headers={"origin": "https://shop.example.evil.net"})
    assert (good.status_code, bad.status_code) == (200, 403)
    assert good.headers["access-control-allow-origin"] == SHOP
    assert "access-control-allow-origin" not in bad.headers
    for answer in (good, bad):
        assert answer.headers["vary"] == "Origin"
        assert "access-control-allow-credentials" not in answer.headers


def test_preflight_is_kept_by_the_browser(edge: Caller) -> None:
    use(edge, "*.shop.example")
    answer = edge.request("OPTIONS", "/e", headers={"origin": SHOP}, key=None)
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert int(answer.headers["access-control-max-age"]) == 86_400
    assert "Content-Encoding" in answer.headers["access-control-allow-headers"]


@pytest.mark.parametrize("path", ["/metrics", "/health", "/ready"])
def test_no_page_reads_what_is_for_operators(edge: Caller, path: str) -> None:
    answer = edge.request("GET", path, headers={"origin": SHOP}, key=None)
    assert (answer.status_code, "access-control-allow-origin" in answer.headers) == (200, False)


def test_page_with_an_unknown_key_sees_why(edge: Caller) -> None:
    # Without CORS it would see a lost connection, and try again for ever.
    answer = edge.post("/e", BODY, headers={"origin": SHOP}, key="hw_pub_gone")
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (401, SHOP)


@pytest.mark.parametrize("key", [PUB, SEC])
@pytest.mark.parametrize("path", ["/e", "/v1/batch", "/v1/track", "/sites/shop/events"])
def test_paused_site_keeps_nothing_and_makes_nobody_try_again(
    edge: Caller, key: str, path: str
) -> None:
    use(edge, is_paused=True)
    call = {"type": "track", "event": "x", "anonymousId": "v"}
    body = {"/e": BODY, "/v1/track": call}.get(path, {"batch": [call]})
    answer = edge.post(path, body, key=key)
    assert (answer.status_code, answer.headers["x-dropped"]) == (200, "paused")
    assert edge.sink.records == []
    metrics = edge.app.edge.metrics
    assert metrics.count("headwater_edge_events_dropped_total", "paused") == 1


def test_paused_sites_pages_get_an_empty_script(edge: Caller) -> None:
    use(edge, is_paused=True)
    answer = edge.request("GET", f"/s.js?k={PUB}", key=None)
    assert (answer.status_code, answer.text) == (200, "/* paused */")


@pytest.mark.parametrize("value", [None, "yes", 1, False])
def test_only_true_pauses(edge: Caller, value: Any) -> None:
    use(edge, is_paused=value)
    assert edge.post("/e", BODY).json()["accepted"] == 1
