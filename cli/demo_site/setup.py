"""Make the demo site and bring its history in, once per home."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from cli.context import Context
from cli.demo_site import shop
from cli.demo_site.history import TIMEZONE, make_history
from cli.demo_site.wire import events_of
from cli.edge import EdgeClient
from cli.home_keys import own_key
from cli.importing.events import batches
from cli.importing.run import restate_dates, wait_for_rows
from cli.progress import progress
from cli.rooms import open_control

SITE: Final = "demo"
_PREFIX: Final = "demo-"


@dataclass(frozen=True)
class DemoKeys:
    """The demo site's keys, in the clear: they are kept in the home."""

    public: str
    secret: str
    api: str


def make_site(context: Context) -> DemoKeys:
    """Register the demo site unless it exists, and return its keys."""
    from serving.control.errors import DuplicateSite
    from serving.control.sites import create_site

    with open_control(context) as conn:
        try:
            create_site(conn, SITE, name=shop.NAME, timezone=TIMEZONE, allowed_hosts=[shop.HOST])
            context.say(f"site {SITE} made")
        except DuplicateSite:
            context.say(f"site {SITE} is there already")
    return DemoKeys(*(own_key(context, SITE, kind) for kind in ("pub", "sec", "api")))


def bring_history(context: Context, keys: DemoKeys) -> None:
    """Import a week up to yesterday and have it restated; done once per home.

    Interrupted, it goes on with the same week: the same events with the same ids.
    """
    memory = context.home / "run" / "demo.json"
    last_day, is_done = _remembered(memory)
    if is_done:
        context.say(f"history up to {last_day} is there already")
        return
    _remember(memory, last_day, is_done=False)
    events = [event for visit in make_history(last_day) for event in events_of(visit, _PREFIX)]
    _post(context, keys, events)
    times = sorted(datetime.fromisoformat(event["timestamp"]) for event in events)
    by_date = wait_for_rows(context, SITE, _PREFIX, times[0], times[-1], len(events))
    # A visit may run past midnight; today is the live stream's.
    restate_dates(context, SITE, [day for day in by_date if day <= last_day], "demo history")
    _remember(memory, last_day, is_done=True)


def _post(context: Context, keys: DemoKeys, events: list[dict[str, Any]]) -> None:
    client = EdgeClient(context.environment["HEADWATER_EDGE_URL"], keys.secret)
    sized = ((len(json.dumps(event)), event) for event in events)
    with progress(context, "bringing a week of history in", len(events), "events") as advance:
        for batch in batches(sized):
            client.post_batch(batch, history=True)
            advance(len(batch))
    client.close()


def _remembered(memory: Path) -> tuple[date, bool]:
    """Return the last day of the history and whether all of it is in."""
    try:
        kept = json.loads(memory.read_text(encoding="utf-8"))
        return date.fromisoformat(kept["last_day"]), bool(kept["is_done"])
    except FileNotFoundError:
        return datetime.now(UTC).astimezone(ZoneInfo(TIMEZONE)).date() - timedelta(days=1), False


def _remember(memory: Path, last_day: date, *, is_done: bool) -> None:
    from infra.local.home import write_whole

    write_whole(memory, {"last_day": last_day.isoformat(), "is_done": is_done})
