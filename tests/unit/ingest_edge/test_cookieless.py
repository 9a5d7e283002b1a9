"""Cookieless visitors: one id a day and site, none the day after the next, nothing kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest

from ingest_edge.daily_ids import PREFIX, DailyIds, LastSeen, client_bytes
from ingest_edge.keys import ring_of
from ingest_edge.salts import Day, Salts, ends_at, living_days
from tests.unit.ingest_edge.fakes import FIREFOX, PUB, SEC, Caller, key_row, site_row

DAY: Final = 86_400_000
OTHER: Final = "hw_pub_other"
# 2026-09-21 23:50 in Berlin, ten minutes before midnight.
LATE: Final = int(datetime(2026, 9, 21, 21, 50, tzinfo=UTC).timestamp() * 1000)


@dataclass
class FakeSalts:
    """The table visitor_salts; `rows` survive what happens to an edge."""

    rows: dict[Day, tuple[bytes, datetime]] = field(default_factory=dict)
    rewritten: int = 0
    rowcount: int = 0

    def execute(self, sql: str, values: Sequence[Any] = ()) -> "FakeSalts":
        self.found: list[Mapping[str, Any]] = []
        if "SELECT" in sql:
            self.found = [
                {"zone": d.zone, "local_date": d.local_date, "salt": salt}
                for d, (salt, _) in self.rows.items() if d.zone in values[0]
            ]  # fmt: skip
        elif "INSERT" in sql:
            zone, day, salt, expires_at = values
            self.rows.setdefault(Day(zone, day), (salt, expires_at))
        elif "DELETE" in sql:
            over = [day for day, (_, expires_at) in self.rows.items() if expires_at <= values[0]]
            self.rowcount = len(over)
            for day in over:
                del self.rows[day]
        else:
            assert sql == "VACUUM FULL visitor_salts"
            self.rewritten += 1
        return self

    def fetchall(self) -> list[Mapping[str, Any]]:
        return self.found


@dataclass
class Shop:
    """An edge with two cookieless sites, and the table its salts are in."""

    edge: Caller
    table: FakeSalts = field(default_factory=FakeSalts)
    mode: str = "always"

    def __post_init__(self) -> None:
        rows = [site_row(name, timezone="Europe/Berlin", settings={"cookieless": self.mode})
                for name in ("shop", "other")]  # fmt: skip
        keys = [key_row(PUB, "shop"), key_row(SEC, "shop"), key_row(OTHER, "other", kind="pub")]
        self.edge.app.edge.keys.ring = ring_of(rows, keys)
        self.edge.time.now = LATE
        self.follow()

    def follow(self) -> None:
        zones = self.edge.app.edge.keys.ring.cookieless_zones
        self.edge.app.edge.salts.follow(self.table, zones)  # type: ignore[arg-type]

    def restart(self) -> None:
        """Replace the edge's memory by that of an edge just started."""
        object.__setattr__(self.edge.app.edge, "salts", Salts(self.edge.time))
        self.follow()

    def send(self, key: str = PUB, agent: str = FIREFOX, **batch: Any) -> Any:
        event = {"event_name": "page_view", "client_at": self.edge.time.now}
        body = {"sent_at": self.edge.time.now, "events": [event], **batch}
        return self.edge.post("/e", body, key=key, headers={"user-agent": agent})

    def visitor(self, key: str = PUB, agent: str = FIREFOX, **batch: Any) -> str:
        self.edge.sink.records.clear()
        answer = self.send(key, agent, **batch)
        assert answer.status_code == 200, answer.text
        (event,) = self.edge.events()
        visitor_id: str = event["visitor_id"]
        return visitor_id

    def move(self, milliseconds: int) -> None:
        self.edge.time.now += milliseconds
        self.follow()


@pytest.fixture
def shop(edge: Caller) -> Shop:
    return Shop(edge)


def test_visitor_has_one_id_a_day_and_site(shop: Shop) -> None:
    first = shop.visitor()
    assert first.startswith(PREFIX)
    assert shop.visitor() == first
    assert shop.visitor(OTHER) != first
    assert shop.visitor(agent=FIREFOX + "x") != first
    shop.edge.client = "203.0.113.10"
    assert shop.visitor() != first
    shop.edge.client = "::ffff:203.0.113.9"
    assert shop.visitor() == first


def test_device_that_changes_its_ipv6_address_stays_one_visitor(shop: Shop) -> None:
    shop.edge.client = "2001:db8:1:2:aaaa::1"
    first = shop.visitor()
    shop.edge.client = "2001:db8:1:2:bbbb::9"
    assert shop.visitor() == first
    shop.edge.client = "2001:db8:1:3::1"
    assert shop.visitor() != first


def test_active_visitor_keeps_the_id_over_midnight_until_a_gap(shop: Shop) -> None:
    first = shop.visitor()
    for _ in range(3):
        shop.move(25 * 60_000)
        assert shop.visitor() == first
    shop.move(30 * 60_000)
    assert shop.visitor() == first
    shop.move(30 * 60_000 + 1)
    second = shop.visitor()
    assert second != first
    shop.move(5 * 60_000)
    assert shop.visitor() == second


def test_visitor_of_yesterday_has_another_id(shop: Shop) -> None:
    first = shop.visitor()
    shop.move(40 * 60_000)
    assert shop.visitor() != first


def test_id_survives_a_restart_and_is_the_same_at_every_edge(shop: Shop) -> None:
    first = shop.visitor()
    shop.restart()
    assert shop.visitor() == first


def test_event_of_yesterday_gets_yesterdays_id(shop: Shop) -> None:
    first, then = shop.visitor(), shop.edge.time.now
    shop.move(DAY)
    event = {"event_name": "x", "client_at": then}
    assert shop.visitor(events=[event]) == first


def test_salt_destroyed_is_gone_and_its_day_refused(shop: Shop) -> None:
    first, then = shop.visitor(), shop.edge.time.now
    today = Day("Europe/Berlin", date(2026, 9, 21))
    assert today in shop.table.rows
    shop.move(int(ends_at(today).timestamp() * 1000) - 1 - then)
    assert today in shop.table.rows
    rewritten = shop.table.rewritten
    shop.move(1)
    assert (today in shop.table.rows, shop.table.rewritten) == (False, rewritten + 1)
    event = {"event_name": "x", "client_at": then}
    answer = shop.send(events=[event])
    assert (answer.status_code, answer.json()["code"]) == (400, "too_old")
    # A new edge makes no new salt for a day that is over, so the id cannot come back.
    shop.restart()
    assert today not in shop.table.rows
    assert first not in {shop.visitor() for _ in range(2)}


def test_salt_in_memory_ends_on_time_while_postgres_is_away(shop: Shop) -> None:
    yesterday = {"event_name": "x", "client_at": LATE - DAY}
    shop.edge.time.now = LATE + DAY + 9 * 60_000
    assert shop.visitor(events=[yesterday]).startswith(PREFIX)
    shop.edge.time.now += 60_000
    answer = shop.send(events=[yesterday])
    assert (answer.status_code, answer.json()["code"]) == (400, "too_old")


def test_two_days_without_postgres_are_ridden_out(shop: Shop) -> None:
    shop.edge.time.now += 2 * DAY
    assert shop.visitor().startswith(PREFIX)
    shop.edge.time.now += DAY
    answer = shop.send()
    assert (answer.status_code, answer.json()["code"]) == (503, "not_durable")


def test_edge_that_knows_no_salt_asks_to_come_again(shop: Shop) -> None:
    object.__setattr__(shop.edge.app.edge, "salts", Salts(shop.edge.time))
    assert shop.send().status_code == 503
    assert shop.edge.sink.records == []


def test_salts_lost_by_postgres_are_put_back(shop: Shop) -> None:
    first, rows = shop.visitor(), dict(shop.table.rows)
    shop.table.rows.clear()
    shop.follow()
    assert shop.table.rows == rows
    shop.restart()
    assert shop.visitor() == first


def test_edges_that_start_together_agree(shop: Shop) -> None:
    other = Salts(shop.edge.time)
    other.follow(shop.table, ["Europe/Berlin"])  # type: ignore[arg-type]
    ours = shop.edge.app.edge.salts.ids_of("shop", "Europe/Berlin", b"x")
    theirs = other.ids_of("shop", "Europe/Berlin", b"x")
    assert ours.at("2026-09-21", LATE) == theirs.at("2026-09-21", LATE)


def test_what_would_recognise_the_visitor_is_left_out(shop: Shop) -> None:
    sent: dict[str, Any] = {
        "visitor_id": "cookie",
        "client_session_id": "s",
        "is_new_visitor_hint": True,
    }
    assert shop.visitor(**sent).startswith(PREFIX)
    (event,) = shop.edge.events()
    assert not {"client_session_id", "is_new_visitor_hint"} & event.keys()
    assert "cookie" not in str(event)


def test_other_dialects_are_cookieless_too(shop: Shop) -> None:
    daily = shop.visitor()
    shop.edge.sink.records.clear()
    shop.edge.batch({"type": "page", "anonymousId": "cookie"})
    shop.edge.batch({"type": "page", "anonymousId": "server's own"}, key=SEC)
    assert [event["visitor_id"] for event in shop.edge.events()] == [daily, "server's own"]


def test_ids_that_dialects_put_into_properties_are_not_kept(shop: Shop) -> None:
    daily = shop.visitor()
    shop.edge.sink.records.clear()
    ids = {"distinct_id": "lasting", "$device_id": "lasting", "$session_id": "lasting", "a": 1}
    posthog = {"event": "x", "distinct_id": "lasting", "properties": ids}
    segment = {"event": "x", "anonymousId": "lasting", "properties": {"session_id": "lasting"}}
    plain = {"name": "x", "visitor_id": "lasting", "session_id": "lasting", "properties": {"a": 1}}
    assert shop.edge.post("/batch/", {"batch": [posthog]}).status_code == 200
    assert shop.edge.batch(segment).status_code == 200
    assert shop.edge.post("/api/collect", {"events": [plain]}).status_code == 200
    events = shop.edge.events()
    assert [event["visitor_id"] for event in events] == [daily] * 3
    assert "lasting" not in str(events)


def test_only_who_rejects_is_cookieless_on_reject(edge: Caller) -> None:
    shop = Shop(edge, mode="on_reject")
    assert shop.visitor(visitor_id="v", consent="granted") == "v"
    assert shop.visitor(visitor_id="v") == "v"
    daily = shop.visitor(visitor_id="v", user_id="u", consent="denied")
    assert daily.startswith(PREFIX)
    (event,) = edge.events()
    assert (event["consent"], "user_id" in event) == ("denied", False)
    assert shop.visitor(is_cookieless=True) == daily


def test_who_rejects_is_not_counted_where_nothing_is_cookieless(edge: Caller) -> None:
    shop = Shop(edge, mode="never")
    answer = shop.send(visitor_id="v", consent="denied")
    assert (answer.status_code, answer.headers["x-dropped"]) == (200, "no_consent")
    assert edge.sink.records == []
    assert shop.send(is_cookieless=True).json()["code"] == "missing_visitor"
    assert shop.send(visitor_id="v", consent="maybe").status_code == 400


@pytest.mark.parametrize("signal", [{"is_gpc": True}, {"is_dnt": True}])
def test_wish_not_to_be_counted_goes_before(shop: Shop, signal: dict[str, Any]) -> None:
    assert "x-dropped" in shop.send(**signal).headers
    assert shop.edge.sink.records == []


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/St_Johns", "Pacific/Kiritimati"])
def test_salts_live_two_days_beyond_theirs(zone: str) -> None:
    now = datetime(2026, 3, 29, 12, tzinfo=UTC)
    days = living_days(zone, now)
    assert all(now < ends_at(day) for day in days)
    today = max(day.local_date for day in days) - timedelta(days=2)
    assert Day(zone, today - timedelta(days=1)) in days
    assert Day(zone, today - timedelta(days=3)) not in days
    assert ends_at(Day(zone, today)) - now <= timedelta(hours=72)


def test_memory_of_who_was_seen_has_a_bound() -> None:
    seen = LastSeen(gap_ms=1_000, max_visitors=10)
    for number in range(1_000):
        seen.add(f"v{number}", 5_000)
    assert seen.is_within_gap("v999", 6_000)
    assert not seen.is_within_gap("v999", 6_001)
    assert not seen.is_within_gap("v1", 5_000)


def test_ids_hold_neither_address_nor_salt() -> None:
    client = client_bytes(b"\x01\x02\x03\x04", FIREFOX)
    ids = DailyIds("shop", client, {"2026-09-21": b"s" * 32}, LastSeen(1))
    held = repr([getattr(ids, name) for name in DailyIds.__slots__])
    assert "s" * 32 not in held
    assert FIREFOX not in held
    assert "\\x01\\x02" not in held


def test_site_and_client_cannot_be_confused() -> None:
    salts = {"d": b"s" * 32}
    seen = LastSeen(1)
    one = DailyIds("a", client_bytes(b"b", "c"), salts, seen).at("d", 1)
    two = DailyIds("ab", client_bytes(b"", "c"), salts, seen).at("d", 1)
    assert one != two
