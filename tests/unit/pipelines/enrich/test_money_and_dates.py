"""Money by the rate of its day, days by the zone of their site."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.enrich.local_date import local_date
from pipelines.enrich.money import amount_of, usd_amount, usd_rate


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12.5", "12.5000"),
        ("-3", "-3.0000"),
        ("0.00005", "0.0000"),  # half to even
        ("0.00015", "0.0002"),
        ("1e3", "1000.0000"),
        ("NaN", None),
        ("Infinity", None),
        ("1e14", None),
        ("99999999999999.9999", "99999999999999.9999"),
        ("99999999999999.99999", None),
        ("12,50", None),
        ("", None),
    ],
)
def test_amounts_have_four_decimals(text: str, amount: str | None) -> None:
    found = amount_of(text)
    assert (None if found is None else str(found)) == amount


def test_rate_is_the_newest_that_is_not_after_the_day() -> None:
    assert usd_rate("EUR", date(2015, 12, 31)) == Decimal("1.10988")
    assert usd_rate("EUR", date(2016, 1, 1)) == Decimal("1.10742")
    assert usd_rate("EUR", date(1999, 1, 1)) == Decimal("1.10988")
    assert usd_rate("USD", date(1999, 1, 1)) == 1
    assert usd_rate("XXX", date(2026, 1, 1)) is None


def test_dollars_are_rounded_half_even_to_four_decimals() -> None:
    assert str(usd_amount(Decimal("10.0000"), "GBP", date(2015, 6, 1))) == "15.2905"
    assert usd_amount(Decimal(10), "XXX", date(2015, 6, 1)) is None


@pytest.mark.parametrize(
    ("at", "timezone", "day"),
    [
        (1_774_738_800_000 - 1, "Europe/Berlin", "2026-03-28"),  # 23:00Z is midnight in winter
        (1_774_738_800_000, "Europe/Berlin", "2026-03-29"),
        (1_774_821_600_000 - 1, "Europe/Berlin", "2026-03-29"),  # 22:00Z after the change
        (1_774_821_600_000, "Europe/Berlin", "2026-03-30"),
        (1_774_738_800_000, "America/New_York", "2026-03-28"),
        (1_774_721_700_000 - 1, "Asia/Kathmandu", "2026-03-28"),  # +05:45
        (1_774_721_700_000, "Asia/Kathmandu", "2026-03-29"),
        (0, "UTC", "1970-01-01"),
    ],
)
def test_local_day(at: int, timezone: str, day: str) -> None:
    assert local_date(at, timezone) == day


@given(at=st.integers(0, 4_102_444_800_000), zone=st.sampled_from(["Europe/Berlin", "Asia/Tokyo"]))
def test_local_day_is_that_of_the_moment_itself(at: int, zone: str) -> None:
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    moment = datetime.fromtimestamp(at // 1000, UTC).astimezone(ZoneInfo(zone))
    assert local_date(at, zone) == moment.date().isoformat()
