"""Sends what is due: takes a report, reads its figures, mails it, notes what became of it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from schemas.load import RULES
from serving.answers import Answers
from serving.cache import Cache
from serving.config import MailServer, MissingSetting
from serving.control import reports
from serving.control.database import Connection
from serving.control.reports import Schedule, Send
from serving.control.sites import Site, get_site, list_sites
from serving.errors import ServingError
from serving.freshness import Freshness
from serving.lake import TrinoLake
from serving.reports.errors import ReportError
from serving.reports.figures import Figures, read_figures
from serving.reports.letter import letter
from serving.reports.periods import Every, Period, due, due_at
from serving.reports.post import post
from serving.reports.render import render
from serving.scope import Caller, site_scope

Read = Callable[[Site, Every, Period], Figures]
OpenMail = Callable[[], MailServer]


@dataclass(frozen=True)
class Due:
    """A report that is wanted: whose, about which period, since when."""

    schedule: Schedule
    site: Site
    period: Period
    due_at: datetime


@dataclass
class Outcome:
    """What became of the reports that were due, named by schedule and first day."""

    sent: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def reader(trino_url: str) -> Read:
    """Return what reads a report's figures from the lake; raises Unavailable when it is away."""

    def read(site: Site, every: Every, period: Period) -> Figures:
        lake = TrinoLake(trino_url)
        scope = site_scope(Caller("reports", site.site_id), site.site_id, site)
        answers = Answers(lake, Cache(), Freshness(lake))
        try:
            return asyncio.run(read_figures(answers, scope, site.name, every, period))
        finally:
            lake.close()

    return read


def due_now(conn: Connection, now: datetime) -> list[Due]:
    """Return the reports that may be sent now, the one wanted first, first."""
    sites = {site.site_id: site for site in list_sites(conn)}
    # Older ones are due no more; a site whose zone is changed moves its hours by a day or so.
    oldest = now - timedelta(days=RULES.reports.pending_days + 2)
    sends = {(one.schedule_id, one.first_date): one for one in reports.list_sends(conn, oldest)}
    found = []
    for schedule in reports.list_schedules(conn):
        site, every = sites[schedule.site_id], Every(schedule.every)
        for period, wanted in due(every, schedule.hour, site.timezone, schedule.created_at, now):
            if reports.may_be_taken(sends.get((schedule.schedule_id, period.first)), now):
                found.append(Due(schedule, site, period, wanted))
    return sorted(found, key=lambda one: one.due_at)


def send_due(conn: Connection, read: Read, open_mail: OpenMail, now: datetime) -> Outcome:
    """Send every report that is due and whose days are restated; the others wait."""
    outcome = Outcome()
    for one in due_now(conn, now):
        taken = reports.take(conn, one.schedule.schedule_id, one.period.first, one.due_at, now)
        if taken is not None:
            _send(conn, one, taken, read, open_mail, now, outcome)
    return outcome


def send_now(
    conn: Connection,
    schedule: Schedule,
    period: Period,
    read: Read,
    open_mail: OpenMail,
    now: datetime,
) -> Outcome:
    """Send one report whether its days are restated or not, even if it was sent before.

    It is noted like any other, so that the schedule does not send it again; but one whose days
    may still change stands for no other, and one that fails and that the schedule does not owe,
    because it is older than that, is forgotten.
    """
    site, outcome = get_site(conn, schedule.site_id), Outcome()
    one = Due(schedule, site, period, due_at(period, schedule.hour, site.timezone))
    taken = reports.take(conn, schedule.schedule_id, period.first, one.due_at, now, is_forced=True)
    if taken is not None:
        _send(conn, one, taken, read, open_mail, now, outcome, is_patient=False)
        if outcome.failures and one.due_at <= schedule.created_at:
            reports.forget(conn, taken)
    return outcome


def _send(
    conn: Connection,
    one: Due,
    taken: Send,
    read: Read,
    open_mail: OpenMail,
    now: datetime,
    outcome: Outcome,
    *,
    is_patient: bool = True,
) -> None:
    named = f"{one.schedule.schedule_id} of {one.site.site_id} {one.period.first}"
    try:
        figures = read(one.site, Every(one.schedule.every), one.period)
        if is_patient and figures.open_dates:
            reports.wait(conn, taken, _why_waiting(figures.open_dates), now)
            outcome.waiting.append(named)
            return
        _mail(conn, one, taken, figures, open_mail())
    except (ReportError, MissingSetting, ServingError) as error:
        reports.fail(conn, taken, str(error), now)
        outcome.failures.append(f"{named}: {error}")
    else:
        (reports.forget if figures.open_dates else reports.finish)(conn, taken)
        outcome.sent.append(named)


def _mail(conn: Connection, one: Due, taken: Send, figures: Figures, server: MailServer) -> None:
    """Hand the report over for everybody who does not have it yet.

    Each address is noted as soon as the server has taken the mail. A crash between the two is
    told by nobody: that one address gets the report again (at least once, never at most once).
    """
    why = (
        f"You get this {one.schedule.every} report because {one.schedule.schedule_id} names your"
        f" address; whoever runs this Headwater ends it with"
        f" `headwater reports remove {one.schedule.schedule_id}`."
    )
    report = render(figures, why)
    about = f"{one.schedule.schedule_id}/{one.period.first}"
    left = [address for address in one.schedule.recipients if address not in taken.sent_to]
    post(
        server,
        [letter(report, server.sender, address, about, figures.asked_at) for address in left],
        lambda address: reports.note_recipient(conn, taken, address),
    )


def _why_waiting(dates: list[date]) -> str:
    return f"Waits until {', '.join(str(one) for one in dates)} is closed and restated."
