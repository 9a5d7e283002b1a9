"""A visit is told of while it lasts, and so is its minute."""

import uuid
from datetime import UTC, datetime
from typing import Any, Final

from schemas.session_id import session_id
from tests.integration.stack import Stack
from tests.load.bench_freshness import page_view, send

# A wait for a condition: an idle machine takes about a minute, half of it the piece of the session.
_GENEROUS: Final = 300
Row = tuple[Any, ...]


def test_a_visit_is_seen_before_it_ends(stack: Stack) -> None:
    site = stack.make_site(f"open-{uuid.uuid4().hex[:8]}")
    of_site = f"WHERE site_id = '{site.site_id}'"
    send(stack, site, page_view("first", "anna"), page_view("second", "ben"))

    def told() -> list[Row] | None:
        rows = stack.sql(
            "SELECT visitor_id, session_id, event_count, is_open, is_restated"
            f" FROM lake.analytics.sessions {of_site} ORDER BY visitor_id"
        )
        return rows if len(rows) == 2 else None

    sessions = stack.wait_until("both visits are told of", told, seconds=_GENEROUS, pause=1)
    moments: dict[str, datetime] = dict(
        stack.sql(f"SELECT visitor_id, event_at FROM lake.analytics.events {of_site}")
    )
    assert sessions == [
        (visitor, session_id(site.site_id, visitor, _ms(moments[visitor])), 1, True, False)
        for visitor in ("anna", "ben")
    ]
    assert stack.sql(f"SELECT count(*) FROM lake.web.sessions_closed {of_site}") == [(0,)]

    def counted() -> Row | None:
        (row,) = stack.sql(
            "SELECT sum(event_count), sum(page_view_count), sum(visitor_count), sum(session_count)"
            f" FROM lake.analytics.minutes {of_site}"
        )
        return row if row[0] == 2 else None

    assert stack.wait_until("its minute", counted, seconds=_GENEROUS, pause=1) == (2, 2, 2, 2)


def _ms(moment: datetime) -> int:
    return round(moment.astimezone(UTC).timestamp() * 1000)
