"""Groups of the last 30 minutes become the live view."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from serving.realtime import shaped
from tests.unit.serving.fakes import NOW

MINUTE = NOW.replace(second=0) - timedelta(minutes=1)
GROUPS: list[Sequence[Any]] = [
    [31, None, None, None, 9, 30],
    [15, False, None, None, 8, 20],
    [15, True, None, None, 4, 10],
    [23, None, MINUTE, None, 3, 7],
    [27, None, None, None, 9, 0],
    [27, None, None, "/b", 2, 5],
    [27, None, None, "/a", 2, 4],
    [29, None, None, "google", 5, 9],
    [30, None, None, None, 6, 9],
    [30, None, None, "DE", 3, 9],
]


def test_each_group_has_its_place() -> None:
    found = shaped(GROUPS, "shop", NOW)
    assert [(w.minutes, w.visitors, w.page_views) for w in found.windows] == [
        (5, 4, 10),
        (30, 9, 30),
    ]
    assert [one.value for one in found.pages] == ["/a", "/b"]
    assert [one.value for one in found.sources] == ["google"]
    assert [one.value for one in found.countries] == [None, "DE"]


def test_minutes_have_no_gaps() -> None:
    minutes = shaped(GROUPS, "shop", NOW).by_minute
    assert len(minutes) == 30
    assert [(one.visitors, one.page_views) for one in minutes[-2:]] == [(3, 7), (0, 0)]


def test_nobody_is_zero() -> None:
    found = shaped([], "shop", NOW)
    assert [w.visitors for w in found.windows] == [0, 0]
    assert found.pages == []
