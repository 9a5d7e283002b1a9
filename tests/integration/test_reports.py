"""Schedules and sent reports on a real Postgres, mails at a real SMTP server."""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest

from schemas.load import RULES
from serving.config import MailServer, MissingSetting
from serving.control import reports, sites
from serving.control.database import Connection, connect
from serving.control.errors import InvalidReport, UnknownReport, UnknownSite
from serving.control.reports import Schedule, Send
from serving.control.sites import Site
from serving.errors import LakeUnavailable
from serving.reports.figures import Figures
from serving.reports.periods import Every, Period, containing
from serving.reports.send import Outcome, due_now, send_due, send_now
from tests.integration.own_database import own_database
from tests.integration.stack import Stack
from tests.unit.serving.reports.made_up import LAST, figures
from tests.unit.serving.reports.mail_catcher import Catcher, catching

NOW: Final = datetime(2026, 3, 30, 6, 0, 2, tzinfo=UTC)  # 08:00 in Berlin, the day after LAST
MINUTE: Final = timedelta(minutes=1)
RETRIES: Final = [timedelta(minutes=n) for n in RULES.reports.retry_minutes]


@pytest.fixture(scope="module")
def database(home: Stack) -> Iterator[Connection]:
    with own_database(home) as own:
        yield own


@pytest.fixture
def conn(database: Connection) -> Connection:
    """No schedule is left of another test."""
    database.execute("DELETE FROM report_schedules")
    return database


@pytest.fixture
def catcher() -> Iterator[Catcher]:
    with catching() as running:
        yield running


@pytest.fixture
def site(conn: Connection) -> str:
    made = sites.create_site(conn, f"s-{uuid.uuid4().hex[:8]}", timezone="Europe/Berlin")
    return made.site_id


def schedule(conn: Connection, site: str, *recipients: str, every: str = "daily") -> Schedule:
    """Add a schedule that begins a minute before NOW."""
    made = reports.add_schedule(conn, site, every, recipients or ["ann@example.com"])
    conn.execute(
        "UPDATE report_schedules SET created_at = %s WHERE schedule_id = %s",
        [NOW - MINUTE, made.schedule_id],
    )
    return reports.get_schedule(conn, made.schedule_id)


def read(site: Site, every: Every, period: Period) -> Figures:
    assert period == containing(every, LAST)
    return figures(every, site_name=site.name)


def unread(site: Site, every: Every, period: Period) -> Figures:
    raise LakeUnavailable("Trino does not answer; nothing was read.")


def not_restated(site: Site, every: Every, period: Period) -> Figures:
    return figures(every, may_change=(LAST,))


def the_send(conn: Connection) -> Send:
    (one,) = reports.list_sends(conn, NOW - timedelta(days=30))
    return one


def send(
    conn: Connection,
    catcher: Catcher,
    now: datetime = NOW,
    read: Callable[[Site, Every, Period], Figures] = read,
) -> Outcome:
    return send_due(conn, read, catcher.server, now)


@pytest.mark.parametrize(
    "address",
    ["", "ann", "ann@", "@example.com", "a b@example.com", "ann@example.com\r\nBcc: x@y.zz",
     "ann@exa mple.com", "Ann <ann@example.com>", "ann@@example.com", ".ann@example.com",
     "ann@-example.com", "ann,bob@example.com", f"{'a' * 65}@example.com", "änn@example.com"],
)  # fmt: skip
def test_what_is_no_address_is_refused(conn: Connection, site: str, address: str) -> None:
    with pytest.raises(InvalidReport, match="is not an e-mail address"):
        reports.add_schedule(conn, site, "daily", [address])


def test_addresses_are_kept_once_in_their_order(conn: Connection, site: str) -> None:
    given = ["bob@example.com", " ann+x@mail.example.co.uk ", "bob@example.com"]
    made = reports.add_schedule(conn, site, "weekly", given)
    assert made.recipients == ["bob@example.com", "ann+x@mail.example.co.uk"]
    assert made.hour == RULES.reports.hour


def test_what_cannot_be_scheduled_is_named(conn: Connection, site: str) -> None:
    ann = ["ann@example.com"]
    many = [f"a{n}@example.com" for n in range(RULES.reports.max_recipients + 1)]
    with pytest.raises(InvalidReport, match="'hourly' is no period"):
        reports.add_schedule(conn, site, "hourly", ann)
    with pytest.raises(InvalidReport, match="24 is no hour"):
        reports.add_schedule(conn, site, "daily", ann, 24)
    for wrong in ([], many):
        with pytest.raises(InvalidReport, match="none or too many"):
            reports.add_schedule(conn, site, "daily", wrong)
    with pytest.raises(UnknownSite):
        reports.add_schedule(conn, "nowhere", "daily", ann)
    with pytest.raises(UnknownReport):
        reports.remove_schedule(conn, "rep_nothing")


def test_a_report_is_sent_once(conn: Connection, site: str, catcher: Catcher) -> None:
    made = schedule(conn, site, "ann@example.com", "bob@example.com")
    (name,) = send(conn, catcher).sent
    assert name == f"{made.schedule_id} of {site} {LAST}"
    assert catcher.recipients() == ["ann@example.com", "bob@example.com"]
    for minutes in (0, 1, 60, 600):
        assert send(conn, catcher, NOW + minutes * MINUTE) == Outcome()
    assert len(catcher.mails) == 2
    assert the_send(conn).status == "sent"


def test_two_that_look_at_once_send_one(
    conn: Connection, site: str, catcher: Catcher, home: Stack
) -> None:
    schedule(conn, site)
    address = home.environment["HEADWATER_POSTGRES_URL"].rpartition("/")[0]
    url = f"{address}/{conn.info.dbname}"

    def work(_: int) -> int:
        with connect(url) as own:
            return len(send(own, catcher).sent)

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(work, range(8))) == 1
    assert len(catcher.mails) == 1


def test_a_weekly_report_comes_after_the_week(
    conn: Connection, site: str, catcher: Catcher
) -> None:
    schedule(conn, site, every="weekly")
    send(conn, catcher)
    assert "23 Mar – 29 Mar 2026" in catcher.mails[0]["Subject"]
    assert send(conn, catcher, NOW + timedelta(days=6)) == Outcome()


def test_a_report_waits_until_its_days_are_restated(
    conn: Connection, site: str, catcher: Catcher
) -> None:
    schedule(conn, site)
    assert len(send(conn, catcher, read=not_restated).waiting) == 1
    waiting = the_send(conn)
    assert (waiting.status, waiting.attempts) == ("waiting", 0)
    assert waiting.error == "Waits until 2026-03-29 is closed and restated."
    assert send(conn, catcher, NOW + MINUTE) == Outcome()
    again = NOW + timedelta(minutes=RULES.reports.look_again_minutes)
    assert len(send(conn, catcher, again).sent) == 1
    assert len(catcher.mails) == 1


def test_who_has_it_already_gets_it_no_second_time(
    conn: Connection, site: str, catcher: Catcher
) -> None:
    schedule(conn, site, "no@example.com", "ann@example.com")
    catcher.refused = {"no@example.com": "450 4.2.1 not now"}
    (failure,) = send(conn, catcher).failures
    assert "refused no@example.com (450 4.2.1 not now)" in failure
    assert the_send(conn).sent_to == ["ann@example.com"]
    catcher.refused = {}
    send(conn, catcher, NOW + RETRIES[0])
    assert catcher.recipients() == ["ann@example.com", "no@example.com"]
    assert the_send(conn).status == "sent"


def test_a_report_that_fails_is_tried_some_times_and_then_shown(
    conn: Connection, site: str, catcher: Catcher
) -> None:
    made = schedule(conn, site)
    catcher.refused = {"ann@example.com": "550 5.1.1 no such user"}
    at = NOW
    for pause in RETRIES:
        assert len(send(conn, catcher, at).failures) == 1
        assert reports.unsent(conn, at) == []
        assert send(conn, catcher, at + pause - MINUTE) == Outcome()
        at += pause
    assert len(send(conn, catcher, at).failures) == 1
    (lost,) = reports.unsent(conn, at)
    assert (lost.schedule_id, lost.status, lost.try_at) == (made.schedule_id, "failed", None)
    assert "550 5.1.1 no such user" in (lost.error or "")
    assert send(conn, catcher, at + timedelta(hours=5)) == Outcome()
    assert reports.unsent(conn, at + timedelta(days=RULES.reports.pending_days)) == []


def test_a_report_sent_by_hand_ends_the_alert(
    conn: Connection, site: str, catcher: Catcher
) -> None:
    made = schedule(conn, site)
    at = NOW
    for pause in [*RETRIES, MINUTE]:
        send(conn, catcher, at, unread)
        at += pause
    assert [one.error for one in reports.unsent(conn, at)] == [
        "Trino does not answer; nothing was read."
    ]
    done = send_now(conn, made, containing(Every.DAILY, LAST), read, catcher.server, at)
    assert len(done.sent) == 1
    assert reports.unsent(conn, at) == []


def test_a_report_that_nobody_owes_leaves_no_trace_when_it_fails(
    conn: Connection, site: str, catcher: Catcher
) -> None:
    made, old = schedule(conn, site), containing(Every.DAILY, LAST - timedelta(days=3))
    assert len(send_now(conn, made, old, unread, catcher.server, NOW).failures) == 1
    assert reports.list_sends(conn, NOW - timedelta(days=30)) == []


def test_by_hand_it_is_sent_again(conn: Connection, site: str, catcher: Catcher) -> None:
    made, period = schedule(conn, site), containing(Every.DAILY, LAST)
    send_now(conn, made, period, read, catcher.server, NOW - MINUTE)
    assert send(conn, catcher) == Outcome()
    send_now(conn, made, period, read, catcher.server, NOW)
    assert len(catcher.mails) == 2


def test_one_that_may_change_is_sent_by_hand_and_stands_for_no_other(
    conn: Connection, site: str, catcher: Catcher
) -> None:
    made = schedule(conn, site)
    period = containing(Every.DAILY, LAST)
    send_now(conn, made, period, not_restated, catcher.server, NOW - MINUTE)
    assert "Provisional" in str(catcher.mails[0].get_body(("plain",)))
    assert len(send(conn, catcher).sent) == 1


def test_a_report_whose_sender_died_is_taken_by_the_next(
    conn: Connection, site: str, catcher: Catcher
) -> None:
    """Killed between the mail and the note: that one address gets it a second time."""
    made = schedule(conn, site, "ann@example.com", "bob@example.com")
    (due,) = due_now(conn, NOW)
    taken = reports.take(conn, made.schedule_id, LAST, due.due_at, NOW)
    assert taken is not None
    reports.note_recipient(conn, taken, "ann@example.com")
    assert send(conn, catcher, NOW + MINUTE) == Outcome()
    later = NOW + timedelta(minutes=RULES.reports.lease_minutes)
    assert len(send(conn, catcher, later).sent) == 1
    assert catcher.recipients() == ["bob@example.com"]


def test_a_report_that_kills_its_sender_is_not_taken_for_ever(conn: Connection, site: str) -> None:
    schedule(conn, site)
    at, taken = NOW, 0
    for _ in range(20):
        for one in due_now(conn, at):
            name = one.schedule.schedule_id
            taken += reports.take(conn, name, LAST, one.due_at, at) is not None
        at += timedelta(minutes=RULES.reports.lease_minutes)
    assert taken == 1 + len(RETRIES)
    overdue = NOW + timedelta(hours=RULES.reports.overdue_hours, minutes=1)
    assert [one.status for one in reports.unsent(conn, overdue)] == ["sending"]


def test_settings_that_are_missing_are_named(conn: Connection, site: str) -> None:
    schedule(conn, site)

    def open_mail() -> MailServer:
        return MailServer.from_env({})

    (failure,) = send_due(conn, read, open_mail, NOW).failures
    assert "HEADWATER_SMTP_HOST is not set" in failure
    assert "HEADWATER_SMTP_HOST is not set" in (the_send(conn).error or "")
    with pytest.raises(MissingSetting):
        open_mail()


def test_one_site_that_fails_keeps_no_other_from_its_report(
    conn: Connection, site: str, catcher: Catcher
) -> None:
    other = sites.create_site(conn, f"t-{uuid.uuid4().hex[:8]}", timezone="Europe/Berlin").site_id
    schedule(conn, site)
    schedule(conn, other, "bob@example.com")

    def read_other(of: Site, every: Every, period: Period) -> Figures:
        return (unread if of.site_id == site else read)(of, every, period)

    outcome = send(conn, catcher, read=read_other)
    assert (len(outcome.failures), catcher.recipients()) == (1, ["bob@example.com"])


def test_a_schedule_that_is_removed_sends_nothing(
    conn: Connection, site: str, catcher: Catcher
) -> None:
    made = schedule(conn, site)
    reports.remove_schedule(conn, made.schedule_id)
    assert send(conn, catcher) == Outcome()
    assert reports.list_schedules(conn, site) == []


def test_dates_of_a_schedule_are_those_of_its_site(conn: Connection, site: str) -> None:
    schedule(conn, site)
    ((found),) = due_now(conn, NOW)
    assert (found.period, found.due_at) == (Period(LAST, LAST), NOW.replace(second=0))
    assert found.period.last == date(2026, 3, 29)
    assert due_now(conn, NOW - timedelta(seconds=3)) == []
