"""The mirror of the sites takes what changed and nothing else."""

from dataclasses import replace

from pipelines.batch.sites.model import SiteRow, changes

SITE = SiteRow("s", "Shop", "UTC", "", exclude_bots=False, retention_days=None)


def test_a_new_site_is_taken() -> None:
    assert changes([SITE], []) == [SITE]


def test_an_unchanged_site_is_not() -> None:
    assert changes([SITE], [SITE]) == []


def test_a_changed_zone_is_taken() -> None:
    moved = replace(SITE, timezone="Asia/Tokyo")
    assert changes([moved], [SITE]) == [moved]


def test_a_site_that_is_gone_is_marked_once() -> None:
    gone = replace(SITE, is_deleted=True)
    assert changes([], [SITE]) == [gone]
    assert changes([], [gone]) == []


def test_a_site_that_came_back_is_taken() -> None:
    assert changes([SITE], [replace(SITE, is_deleted=True)]) == [SITE]
