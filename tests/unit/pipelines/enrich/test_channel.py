"""Where a visit came from, as rules/channels.toml and rules/sources.csv say."""

import pytest

from pipelines.enrich.channel import is_payment_host, known_source, origin_of
from schemas.loaders.edge_rules import ChannelRule


@pytest.mark.parametrize(
    ("utm", "click_id", "host", "expected"),
    [
        ((None, None, None), None, None, ("(direct)", "(none)", "Direct")),
        ((None, None, None), None, "www.google.co.uk", ("google", "organic", "Organic Search")),
        ((None, None, None), None, "search.yahoo.co.jp", ("yahoo", "organic", "Organic Search")),
        ((None, None, None), None, "duckduckgo.com", ("duckduckgo", "organic", "Organic Search")),
        ((None, None, None), None, "l.facebook.com", ("facebook", "referral", "Organic Social")),
        ((None, None, None), None, "t.co", ("twitter", "referral", "Organic Social")),
        ((None, None, None), None, "m.youtube.com", ("youtube", "referral", "Organic Video")),
        ((None, None, None), None, "www.amazon.de", ("amazon", "referral", "Organic Shopping")),
        ((None, None, None), None, "chatgpt.com", ("chatgpt", "referral", "AI Assistant")),
        ((None, None, None), None, "gemini.google.com", ("gemini", "referral", "AI Assistant")),
        ((None, None, None), None, "mail.google.com", ("gmail", "referral", "Email")),
        ((None, None, None), None, "www.blog.example", ("blog.example", "referral", "Referral")),
        ((None, None, None), None, "notgoogle.com", ("notgoogle.com", "referral", "Referral")),
        (("google", "cpc", None), None, None, ("google", "cpc", "Paid Search")),
        (("Google", "CPC", None), None, None, ("google", "cpc", "Paid Search")),
        (("facebook", "paid", None), None, None, ("facebook", "paid", "Paid Social")),
        (("youtube", "cpv", None), None, None, ("youtube", "cpv", "Paid Video")),
        (("youtube", "cpc", None), None, None, ("youtube", "cpc", "Paid Video")),
        (("amazon", "ppc", None), None, None, ("amazon", "ppc", "Paid Shopping")),
        (("partner", "cpc", "summer shopping"), None, None, ("partner", "cpc", "Paid Shopping")),
        (("partner", "cpc", "bishop"), None, None, ("partner", "cpc", "Paid Other")),
        (("partner", "cpc", "eshop"), None, None, ("partner", "cpc", "Paid Shopping")),
        (("partner", "cpm", None), None, None, ("partner", "cpm", "Display")),
        (("x", "y", "a cross-network b"), None, None, ("x", "y", "Cross-network")),
        (("news", "email", None), None, None, ("news", "email", "Email")),
        (("newsletter", None, None), None, None, ("newsletter", "(not set)", "Email")),
        (("p", "affiliate", None), None, None, ("p", "affiliate", "Affiliates")),
        (("p", "audio", None), None, None, ("p", "audio", "Audio")),
        (("sms", None, None), None, None, ("sms", "(not set)", "SMS")),
        (("p", "web-push", None), None, None, ("p", "web-push", "Mobile Push")),
        (("odd", "thing", None), None, None, ("odd", "thing", "Unassigned")),
        ((None, None, None), "gclid", "www.google.de", ("google", "cpc", "Paid Search")),
        ((None, None, None), "wbraid", None, ("google", "cpc", "Paid Search")),
        ((None, None, None), "msclkid", None, ("bing", "cpc", "Paid Search")),
        ((None, None, None), "ttclid", None, ("tiktok", "cpc", "Paid Video")),
        ((None, None, None), "fbclid", None, ("facebook", "social", "Organic Social")),
        (("google", None, None), "gclid", None, ("google", "cpc", "Paid Search")),
        (("news", "email", None), "gclid", None, ("news", "email", "Email")),
    ],
)
def test_origin(
    utm: tuple[str | None, str | None, str | None],
    click_id: str | None,
    host: str | None,
    expected: tuple[str, str, str],
) -> None:
    origin = origin_of(*utm, click_id, host)
    assert (origin.source, origin.medium, origin.channel) == expected
    assert origin.campaign == utm[2]


def test_a_sites_own_rules_are_asked_first() -> None:
    rules = (ChannelRule("Partners", source=("acme",), medium_matches="cp.*"),)
    assert origin_of("acme", "cpc", None, None, None, rules).channel == "Partners"
    assert origin_of("acme", "email", None, None, None, rules).channel == "Email"


def test_longest_name_of_the_list_wins() -> None:
    found = [
        known_source(host) for host in ("news.google.com", "mail.google.com", "google.com.evil")
    ]
    assert [source.source if source else None for source in found] == ["google", "gmail", None]


@pytest.mark.parametrize(
    ("host", "is_one"),
    [("checkout.stripe.com", True), ("paypal.com", True), ("notpaypal.com", False)],
)
def test_payment_hosts(host: str, is_one: bool) -> None:
    assert is_payment_host(host) is is_one
