"""Rules of channels that changed since the edge decided: restated days follow, events do not."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest

from pipelines.batch.definitions import definitions, of_day
from pipelines.batch.restate import Lake, restate
from schemas.loaders.edge_rules import rules_of_site
from schemas.site_definitions import SiteDefinitions
from tests.sql.rows import RUN, add_site, event, insert

DAY: Final = date(2026, 3, 1)
AT: Final = datetime(2026, 3, 1, 10, tzinfo=UTC)
PARTNERS: Final = {"channel": "Partners", "source": ["acme"]}
# What opens a session -> visitor, as the edge of that time wrote it.
ORIGINS: Final[dict[str, dict[str, Any]]] = {
    "acme": {"source": "acme", "medium": "referral", "channel": "Referral"},
    "acme-spring": {
        "source": "acme", "medium": "referral", "campaign": "spring", "channel": "Referral",
    },
    "other": {"source": "other.example", "medium": "referral", "channel": "Referral"},
    "direct": {},
}  # fmt: skip


def set_rules(lake: Lake, site: str, rules: list[dict[str, Any]], minute: int) -> None:
    """Mirror a site with rules of its own, as orchestration would."""
    mirrored: dict[str, Any] = {
        "site_id": site,
        "name": site,
        "timezone": "UTC",
        "allowed_hosts": "",
    }
    mirrored |= {"channel_rules": json.dumps(rules) if rules else None}
    at = datetime(2026, 1, 2, tzinfo=UTC) + timedelta(minutes=minute)
    own = {"exclude_bots": False, "is_deleted": False, "mirrored_at": at}
    insert(lake.trino, "sites", [{**mirrored, **own}])


def channels(lake: Lake, view: str, key: str, site: str) -> dict[str, str]:
    rows = lake.trino.rows(
        f"SELECT {key} AS key, channel FROM lake.analytics.{view} WHERE site_id = '{site}'"
    )
    return {row["key"]: row["channel"] for row in rows}


@pytest.fixture(scope="module")
def site(lake: Lake) -> str:
    """Return a site with a session of each origin, restated by the usual rules."""
    name = f"{RUN}-channels"
    for one in (name, f"{name}-beside"):
        add_site(lake.trino, one)
        rows = [
            event(site_id=one, visitor_id=visitor, event_at=AT, **origin)
            for visitor, origin in ORIGINS.items()
        ]
        back = event(
            site_id=one, visitor_id="direct", event_at=AT + timedelta(minutes=5), **ORIGINS["acme"]
        )
        insert(lake.trino, "events", [*rows, back])
        restate(lake, one, [DAY], "first")
    return name


def test_what_the_edge_wrote_by_the_same_rules_moves_nowhere(lake: Lake, site: str) -> None:
    assert channels(lake, "sessions", "visitor_id", site)["acme"] == "Referral"
    moved = lake.trino.rows(
        f"SELECT count(*) AS n FROM lake.web.channels_restated WHERE site_id = '{site}-beside'"
    )
    assert moved[0]["n"] == 0


def test_a_rule_of_the_site_moves_its_days_and_goes_again(lake: Lake, site: str) -> None:
    set_rules(lake, site, [PARTNERS], 1)
    restate(lake, site, [DAY], "rules")
    sessions = channels(lake, "sessions", "visitor_id", site)
    assert sessions == {
        "acme": "Partners", "acme-spring": "Partners", "other": "Referral", "direct": "Direct",
    }  # fmt: skip
    assert channels(lake, "touchpoints", "visitor_id", site) == sessions
    assert channels(lake, "daily_source", "source", site)["acme"] == "Partners"
    assert channels(lake, "events", "visitor_id", site)["acme"] == "Referral"
    (last,) = lake.trino.rows(
        "SELECT last_channel, last_source FROM lake.analytics.sessions"
        f" WHERE site_id = '{site}' AND visitor_id = 'direct'"
    )
    assert last == {"last_channel": "Partners", "last_source": "acme"}

    (made,) = lake.trino.rows(
        f"SELECT definitions FROM lake.analytics.day_runs WHERE site_id = '{site}'"
    )
    mine = SiteDefinitions(channel_rules=rules_of_site([PARTNERS]))
    assert json.loads(made["definitions"]) == of_day(definitions(), mine, DAY)

    set_rules(lake, site, [], 2)
    restate(lake, site, [DAY], "no rules")
    assert set(channels(lake, "sessions", "visitor_id", site).values()) == {"Referral", "Direct"}


def test_another_site_keeps_its_channels(lake: Lake, site: str) -> None:
    set_rules(lake, site, [PARTNERS], 3)
    restate(lake, f"{site}-beside", [DAY], "again")
    assert channels(lake, "sessions", "visitor_id", f"{site}-beside")["acme"] == "Referral"


def test_one_origin_that_two_edges_put_in_two_channels_is_in_one_now(lake: Lake) -> None:
    name = f"{RUN}-channels-twice"
    add_site(lake.trino, name)
    wrong = ORIGINS["acme"] | {"channel": "Unassigned"}
    rows = [
        event(site_id=name, visitor_id=visitor, event_at=AT, **origin)
        for visitor, origin in {"old": wrong, "new": ORIGINS["acme"]}.items()
    ]
    insert(lake.trino, "events", rows)
    restate(lake, name, [DAY], "first")
    assert channels(lake, "sessions", "visitor_id", name) == {"old": "Referral", "new": "Referral"}
    (source,) = lake.trino.rows(
        f"SELECT session_count FROM lake.analytics.daily_source WHERE site_id = '{name}'"
    )
    assert source["session_count"] == 2
