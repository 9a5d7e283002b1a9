"""The report of `headwater quality`."""

from typing import Any

from cli.quality_page import page_of

DAY = {"local_date": "2026-03-31", "site_id": "shop"}
LATE: dict[str, Any] = {
    **DAY,
    "event_name": "sign_up",
    "property_name": None,
    "finding": "late",
    "says": "Many events arrive late",
    "found": 0.251,
    "usual": 0.2,
}
EVENTS: dict[str, Any] = {
    **DAY,
    "event_name": "sign_up",
    "event_count": 12_345,
    "usual_event_count": 11_000.25,
    "late_share": 0.251,
    "surplus_share": 0.0,
    "bot_share": None,
}


def test_shares_stand_as_shares_and_counts_as_counts() -> None:
    volume = {**LATE, "finding": "volume_low", "found": 1_500.0, "usual": 4_000.0}
    page = page_of("March", [LATE, volume], [EVENTS])
    assert "<td>25.1%</td><td>20.0%</td>" in page
    assert "<td>1,500</td><td>4,000</td>" in page
    assert "<td>12,345</td><td>11,000.2</td><td>25.1%</td><td>0.0%</td><td>–</td>" in page
    assert "2 findings." in page


def test_what_senders_wrote_is_text() -> None:
    name = "<script>alert(1)</script> & $period"
    page = page_of("March", [{**LATE, "event_name": name}], [{**EVENTS, "event_name": name}])
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt; &amp; $period") == 2


def test_nothing_found_is_said() -> None:
    page = page_of("March", [], [])
    assert "Nothing was found" in page
    assert page.count(">None</td>") == 2
