"""Numbers and names as people read them; what visitors sent does no harm."""

from datetime import date

import pytest

from schemas.load import RULES
from serving.query.schemas import Number
from serving.reports import words
from serving.reports.periods import Every, Period
from tests.unit.serving.reports.made_up import figures


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (1234567, "count", "1,234,567"),
        (None, "ratio", "–"),
        (0.4125, "ratio", "41.2%"),
        (1299.5, "USD", "$1,299.50"),
        (-3.0, "USD", "−$3.00"),
        (2.5, "number", "2.50"),
        (12_400, "ms", "12s"),
        (245_000, "ms", "4m 05s"),
        (3_720_000, "ms", "1h 02m"),
    ],
)
def test_values(number: Number, unit: str, text: str) -> None:
    assert words.value(number, unit) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "–"), (0.0, "0.0%"), (0.034, "+3.4%"), (-0.5, "−50%"), (12.0, ">+1,000%")],
)
def test_changes(share: float | None, text: str) -> None:
    assert words.change(share) == text


@pytest.mark.parametrize("nothing", [None, "", "  ", "\u202e", "\r\n"])
def test_what_is_not_there_has_a_name(nothing: str | None) -> None:
    assert words.shown(nothing) == "(none)"


@pytest.mark.parametrize(
    "address", ["http://evil.example/a", "www.evil.example", "ann@evil.example", "mailto:x@y.zz"]
)
def test_an_address_is_no_link(address: str) -> None:
    told = words.shown(address)
    assert address not in told
    assert told.replace("\u200b", "") == address


def test_lines_and_directions_are_not_changed() -> None:
    told = words.shown("/a\r\nBcc: all\u202egnp\u0000\u2028x")
    assert told.replace("\u200b", "") == "/a Bcc: all gnp x"


def test_long_values_are_cut() -> None:
    told = words.shown("/" + "x" * 500)
    assert len(told) == RULES.reports.value_length
    assert told.endswith("…")


def test_a_name_fits_in_a_header() -> None:
    assert words.name("Shop\r\nBcc: all@example.com") == "Shop Bcc: all@example.com"


def test_periods() -> None:
    turn = Period(date(2026, 12, 28), date(2027, 1, 3))
    assert words.dates(Every.WEEKLY, turn) == "28 Dec 2026 – 3 Jan 2027"
    day = date(2026, 3, 29)
    assert words.dates(Every.DAILY, Period(day, day)) == "Sunday 29 March 2026"


def test_the_subject_tells_the_first_total() -> None:
    assert words.subject(figures()) == "Shop, Sunday 29 March 2026: 1,234 visitors (+23%)"


def test_an_odd_day_is_said_to_be_odd() -> None:
    told = words.freshness(figures())
    assert told == (
        "Every event that came until Mon 30 Mar 2026 08:00 CEST is counted."
        " Sun 29 Mar had 23 hours."
    )
    assert words.freshness(figures(as_of=None, zone="UTC")) == "No event has come yet."
