"""Addresses taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.enrich.url import NO_PAGE, host_of, page_of


def test_page_has_its_parts() -> None:
    page = page_of("https://Shop.Example:8443/a%20b/?utm_source=A&utm_medium=b&gclid=x&utm_term=#f")
    assert (page.host, page.path) == ("shop.example", "/a%20b/")
    assert page.search == "?utm_source=A&utm_medium=b&gclid=x&utm_term="
    assert (page.utm_source, page.utm_medium, page.utm_term) == ("A", "b", None)
    assert (page.click_id_kind, page.click_id) == ("gclid", "x")


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("https://a.example", "a.example", "/"),
        ("/only/path", None, "/only/path"),
        ("//b.example/x", "b.example", "/x"),
        ("about:blank", None, "blank"),
        ("http://[::1", None, None),
        ("", None, None),
    ],
)
def test_odd_addresses(url: str, host: str | None, path: str | None) -> None:
    assert page_of(url)[:2] == (host, path)
    assert host_of(url) == host


def test_first_value_of_a_repeated_parameter_counts() -> None:
    assert page_of("http://a/?utm_source=one&utm_source=two").utm_source == "one"


def test_first_click_id_by_order_of_belief() -> None:
    assert page_of("http://a/?fbclid=1&gclid=2").click_id_kind == "gclid"


def test_thousands_of_parameters_do_no_harm() -> None:
    page = page_of("http://a/?utm_source=x&" + "&".join(f"p{n}=1" for n in range(5_000)))
    assert page.utm_source == "x"


@given(st.text())
def test_any_text_is_taken_without_a_fault(url: str) -> None:
    page_of(url)
    page_of("http://" + url)
    host_of("http://" + url)
    assert page_of("http://[") == NO_PAGE
