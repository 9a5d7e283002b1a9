"""The client's address ends at the edge."""

from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_edge.arrival import address_of
from ingest_edge.http import Request
from ingest_edge.privacy import ADDRESS_FIELDS, AddressMask, may_name_address, without_addresses
from tests.unit.ingest_edge.fakes import CLIENT, SEC, Caller

PROXIES = (ip_network("10.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("9.9.9.9", None, "9.9.9.9"),
        ("9.9.9.9", "1.1.1.1", "9.9.9.9"),  # not a listed proxy: not believed
        ("10.0.0.1", "1.1.1.1", "1.1.1.1"),
        ("10.0.0.1", "6.6.6.6, 1.1.1.1", "1.1.1.1"),  # the left one may be invented
        ("10.0.0.1", "1.1.1.1, 10.0.0.2", "1.1.1.1"),
        ("::ffff:10.0.0.1", "1.1.1.1", "1.1.1.1"),
        ("::1", "2a00::1", "2a00::1"),
        ("10.0.0.1", "rubbish", None),
        (None, "1.1.1.1", None),
    ],
)
def test_forwarded_for_is_believed_of_listed_proxies_only(
    peer: str | None, forwarded: str | None, address: str | None
) -> None:
    headers = {b"x-forwarded-for": forwarded.encode()} if forwarded else {}
    request = Request("POST", "/", b"", headers, peer)
    assert address_of(request, PROXIES) == address


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("8.8.8.8", "[address]"),
        ("http://x/?a=8.8.8.8&b=1", "http://x/?a=[address]&b=1"),
        ("I am 8.8.8.8.", "I am [address]."),
        ("18.8.8.8 8.8.8.88 8.8.8.8.8", "18.8.8.8 8.8.8.88 8.8.8.8.8"),
    ],
)
def test_mask_hides_the_whole_address_only(text: str, hidden: str) -> None:
    assert AddressMask("8.8.8.8").hide(text.encode()) == hidden.encode()


def test_private_addresses_are_pages_not_people() -> None:
    assert AddressMask("127.0.0.1").hide(b"http://127.0.0.1/") == b"http://127.0.0.1/"


@pytest.mark.parametrize("name", sorted(ADDRESS_FIELDS))
def test_every_field_name_for_addresses_is_noticed_and_removed(name: str) -> None:
    raw = f'{{"a":[{{"{name.upper()}" : "8.8.8.8"}}]}}'.encode()
    assert may_name_address(raw)
    assert without_addresses({"a": [{name.upper(): "8.8.8.8", "b": 1}]}) == {"a": [{"b": 1}]}


PLACES = st.sampled_from(["ip", "$ip", "url", "note", "anonymousId", "event", "userId", "\\u0069p"])
TREES = st.recursive(
    st.just("8.8.8.8"),
    lambda inner: st.dictionaries(PLACES, inner, min_size=1) | st.lists(inner, min_size=1),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(properties=st.dictionaries(PLACES, TREES), event=st.sampled_from(["x", "", "8.8.8.8"]))
def test_no_record_holds_the_address_wherever_it_was_put(
    edge_of_module: Caller, properties: object, event: str
) -> None:
    message = {
        "type": "track", "event": event, "anonymousId": "8.8.8.8", "properties": properties,
        "context": {"ip": "8.8.8.8", "page": {"url": "http://8.8.8.8/?ip=8.8.8.8"}},
    }  # fmt: skip
    edge_of_module.sink.records.clear()
    edge_of_module.batch(message, key=SEC)
    assert edge_of_module.sink.records
    assert all(
        b"8.8.8.8" not in record.value + record.key for record in edge_of_module.sink.records
    )


def test_peer_address_is_in_no_record(edge: Caller) -> None:
    edge.batch({"type": "track", "event": "x", "anonymousId": "v"}, {"type": "track"})
    assert len(edge.sink.records) == 2
    assert all(CLIENT.encode() not in record.value for record in edge.sink.records)
