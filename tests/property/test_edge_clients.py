"""Laws of clocks and addresses: whatever a client claims, no time is ahead and no proxy fooled."""

from ipaddress import ip_address, ip_network
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest_edge.arrival import address_of
from ingest_edge.http import Request
from schemas.load import RULES
from tests.unit.ingest_edge.fakes import NOW, PUB, SEC, Caller, make_caller

LAW: Final = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
YEAR: Final = 365 * 86_400_000
SKEW_MS: Final = RULES.delivery.clock_skew_seconds * 1000
MAX_AGE_MS: Final = RULES.delivery.max_age_hours * 3_600_000
PROXIES: Final = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
ADDRESSES: Final = st.ip_addresses().map(str) | st.sampled_from(
    ["10.0.0.1", "10.9.9.9", "fd00::1", "::ffff:10.0.0.1", "192.168.1.1", "127.0.0.1", "::1"]
)
CLAIMS: Final = ADDRESSES | st.sampled_from(
    ["unknown", "_hidden", "", "1.2.3.4:567", "[2001:db8::1]:443", "1.2.3", "<script>", "é"]
)


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Caller:
    return make_caller(tmp_path_factory.mktemp("edge"))


@LAW
@given(
    error=st.integers(-40 * YEAR, 40 * YEAR) | st.integers(-20_000, 20_000),
    ages=st.lists(st.integers(0, 4 * 86_400_000), min_size=1, max_size=4),
    has_sent_at=st.booleans(),
)
def test_clock_years_off_moves_all_events_of_a_batch_alike(
    edge: Caller, error: int, ages: list[int], has_sent_at: bool
) -> None:
    edge.sink.records.clear()
    sent_at = NOW + error
    events: list[dict[str, Any]] = [
        {"event_name": "x", "event_id": f"e{n}", "client_at": max(0, sent_at - age)}
        for n, age in enumerate(ages)
    ]
    body = {"visitor_id": "v", "events": events, **({"sent_at": sent_at} if has_sent_at else {})}
    assert edge.post("/e", body, key=PUB).status_code in (200, 207, 400)
    kept = {event["event_id"]: event for event in edge.events()}
    is_off = has_sent_at and not 0 <= -error <= SKEW_MS
    for sent in events:
        wanted = sent["client_at"] - error if is_off else sent["client_at"]
        wanted = min(wanted, NOW)
        event = kept.get(sent["event_id"])
        # Refused only for its age by the corrected clock, never for the clock's error.
        assert (event is not None) == (0 <= wanted and NOW - wanted <= MAX_AGE_MS)
        if event is not None:
            assert event["event_at"] == wanted <= event["received_at"] == NOW
            assert event["client_at"] == sent["client_at"]
            assert event.get("sent_at") == (sent_at if has_sent_at else None)


def request(peer: str | None, *claims: str) -> Request:
    headers = {b"x-forwarded-for": ", ".join(claims).encode("latin-1")} if claims else {}
    return Request("POST", "/e", b"", headers, peer)


def is_proxy(address: str) -> bool:
    parsed = ip_address(address)
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(parsed.version == n.version and parsed in n for n in PROXIES)


@LAW
@given(peer=ADDRESSES, claims=st.lists(CLAIMS, max_size=5))
def test_nobody_but_a_listed_proxy_is_believed(peer: str, claims: list[str]) -> None:
    found = address_of(request(peer, *claims), PROXIES)
    if not claims or not is_proxy(peer):
        assert found is not None
        mapped = getattr(ip_address(peer), "ipv4_mapped", None)
        assert ip_address(found) in (ip_address(peer), mapped)
    elif found is not None:
        ip_address(found)  # an address, whatever was claimed


@LAW
@given(claims=st.lists(CLAIMS, max_size=5), client=st.ip_addresses().map(str))
def test_what_a_client_claims_before_its_own_address_changes_nothing(
    claims: list[str], client: str
) -> None:
    if is_proxy(client):
        return
    # The listed proxy adds the address it sees, whatever stood there before.
    spoofed = address_of(request("10.0.0.1", *claims, client), PROXIES)
    honest = address_of(request("10.0.0.1", client), PROXIES)
    assert spoofed == honest is not None


@pytest.mark.parametrize("word", ["unknown", "_hidden", "1.2.3"])
def test_word_in_place_of_an_address_masks_no_content(edge: Caller, word: str) -> None:
    edge.sink.records.clear()
    object.__setattr__(edge.app.edge.config, "trusted_proxies", (ip_network("203.0.113.0/24"),))
    event = {"event_name": "x", "page_title": f"the {word} title"}
    body = {"visitor_id": "v", "events": [event]}
    assert edge.post("/e", body, key=SEC, headers={"x-forwarded-for": word}).status_code == 200
    (kept,) = edge.events()
    assert kept["page_title"] == event["page_title"]
