"""What a site is set to, and where a piece of a recording lies."""

from datetime import date
from typing import Any

import pytest

from schemas.load import RULES
from schemas.recording import (
    KEEP_DAYS,
    SETTING,
    RecordingSettings,
    chunk_key,
    date_of_folder,
    keep_days_of,
    recording_of,
)

USUAL = RecordingSettings(RULES.recordings.sample_percent, 0, KEEP_DAYS)


@pytest.mark.parametrize("given", [None, {}, {"is_on": False}, {"is_on": "yes"}, True, [], "on"])
def test_off_unless_it_is_switched_on(given: Any) -> None:
    assert recording_of({SETTING: given}) is None
    assert recording_of({}) is None


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({}, USUAL),
        ({"sample_percent": 0}, RecordingSettings(0, 0, KEEP_DAYS)),
        ({"sample_percent": 100, "keep_days": 1}, RecordingSettings(100, 0, 1)),
        ({"snapshot_seconds": 30}, RecordingSettings(USUAL.sample_percent, 30, KEEP_DAYS)),
        # What cannot be meant is the default: a recording is never kept longer for a typing error.
        ({"sample_percent": 101, "keep_days": KEEP_DAYS + 1}, USUAL),
        ({"sample_percent": True, "keep_days": 0}, USUAL),
        ({"sample_percent": "50", "keep_days": -1, "odd": 1}, USUAL),
    ],
)
def test_settings_are_read_or_usual(given: dict[str, Any], meant: RecordingSettings) -> None:
    assert recording_of({SETTING: {"is_on": True, **given}}) == meant


def test_what_was_recorded_is_kept_no_longer_once_it_is_off() -> None:
    assert keep_days_of({SETTING: {"is_on": False, "keep_days": 3}}) == 3
    assert keep_days_of({SETTING: "odd"}) == keep_days_of({}) == KEEP_DAYS


def test_key_tells_site_date_session_recording_and_place() -> None:
    key = chunk_key("shop", date(2026, 3, 1), "s1", "r1", 12)
    assert key == "shop/2026-03-01/s1/r1/000012.json.gz"
    assert date_of_folder(key.split("/")[1]) == date(2026, 3, 1)
    assert date_of_folder("drafts") is None
