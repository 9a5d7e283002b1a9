"""Alerts at, below and above their limits."""

from pathlib import Path

from pipelines.flink_jobs.alerts import Reading, firing, late_share
from schemas.load import RULES

LIMITS = {name: float(alert.above) for name, alert in RULES.alerts.alerts.items()}


def test_at_the_limit_all_is_well() -> None:
    assert firing(Reading(name, "x", limit) for name, limit in LIMITS.items()) == []


def test_above_the_limit_every_alert_fires_with_its_runbook() -> None:
    found = firing(Reading(name, "x", limit + 0.01) for name, limit in LIMITS.items())
    assert [one.alert for one in found] == list(LIMITS)
    assert all((Path(__file__).parents[4] / one.runbook).is_file() for one in found)


def test_what_nobody_knows_is_no_alarm() -> None:
    assert firing([Reading("lag", "x", None)]) == []


def test_the_reason_names_the_number_and_the_limit() -> None:
    (one,) = firing([Reading("lag", "collect_events", 250_000)])
    assert one.of == "collect_events"
    assert one.reason == "250,000 records, more than 100,000"


def test_few_events_have_no_share() -> None:
    least = RULES.alerts.late_min_events
    assert late_share(least - 1, least - 1) is None
    assert late_share(least // 4, least) == 0.25
