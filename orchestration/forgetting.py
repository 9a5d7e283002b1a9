"""How far each erasure is taken in one night: rows deleted, files rewritten, ids forgotten.

What was done stands in Postgres and in the tables themselves, so that a run that dies is taken up
by the next: an erasure counts as rewritten only once all tables are.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pyiceberg.catalog import Catalog as Iceberg

from pipelines.batch.days import is_closed
from pipelines.batch.restate import Lake, due_days, newest_snapshot, read_watermark, zone_of
from pipelines.blobs import Blobs
from pipelines.lake import forgetting
from pipelines.lake.forgetting import Erased
from pipelines.lake.persons import Person
from pipelines.lake.receipt import Stages, ends_at
from serving.control import erasures
from serving.control.database import Connection
from serving.control.erasures import Erasure


@dataclass(frozen=True)
class Rooms:
    """What forgetting works with."""

    lake: Lake
    iceberg: Iceberg
    blobs: Blobs
    control: Connection


def forget_persons(rooms: Rooms, now: datetime) -> list[str]:
    """Take every erasure as far as it can go; running it again goes on where it stopped.

    Returns what was done, in words that name nobody.
    """
    waiting = erasures.hidden_ones(rooms.control)
    ready = list(_ready(rooms.lake, waiting))
    returned = [each for each in waiting if each.rewritten_at and _is_held(rooms, each)]
    to_rewrite = [*ready, *returned]
    done = [_delete(rooms, erasure) for erasure in to_rewrite]
    if to_rewrite:
        tables = forgetting.rewritten_tables()
        marked = forgetting.rewrite(rooms.lake.trino, rooms.iceberg, tables)
        done.append(f"files rewritten: {', '.join(marked) or 'none'}")
    for erasure in to_rewrite:
        erasures.rewritten(rooms.control, erasure.erasure_id)
    others = [each for each in waiting if each not in to_rewrite]
    done += [_end(rooms, erasure) for erasure in others if _is_over(rooms, erasure, now)]
    erasures.tidy(rooms.control)
    return done


def is_ready(asked_at: datetime, zone: str, watermark: datetime | None, reasons: set[str]) -> bool:
    """Whether rows may go: the day of the request has closed, and no total counts them any more.

    Until then the stream may still write sessions of the person; and once their events are gone,
    nothing tells any more that a day counted them. `reasons` are those of the site's due days.
    """
    asked_on = asked_at.astimezone(ZoneInfo(zone)).date()
    return is_closed(asked_on, zone, watermark) and "erased" not in reasons


def _ready(lake: Lake, waiting: Iterable[Erasure]) -> Iterator[Erasure]:
    """Return those that were not rewritten yet and may be."""
    fresh = [each for each in waiting if each.rewritten_at is None]
    snapshot = newest_snapshot(lake) if fresh else None
    if snapshot is None:
        return
    watermark = read_watermark(lake)
    for site_id in sorted({each.site_id for each in fresh}):
        zone = zone_of(lake, site_id)
        reasons = {reason for day in due_days(lake, snapshot, site_id) for reason in day.reasons}
        for each in fresh:
            if each.site_id == site_id and is_ready(each.requested_at, zone, watermark, reasons):
                yield each


def _is_held(rooms: Rooms, erasure: Erasure) -> bool:
    return bool(forgetting.held(rooms.lake.trino, _erased(erasure)))


def _delete(rooms: Rooms, erasure: Erasure) -> str:
    """Delete objects, then rows; a rewritten one is none until its files are written again."""
    erasures.came_back(rooms.control, erasure.erasure_id)
    erased, trino = _erased(erasure), rooms.lake.trino
    objects = forgetting.delete_recordings(trino, rooms.blobs, erased)
    rows = forgetting.held(trino, erased)
    forgetting.delete_rows(trino, erased, rows)
    return (
        f"erasure {erased.erasure_id}: {objects} objects, rows of {', '.join(rows) or 'no table'}"
    )


def _is_over(rooms: Rooms, erasure: Erasure, now: datetime) -> bool:
    """Whether every copy has gone: by the receipt's dates, and by the snapshots that are kept."""
    stages = Stages(erasure.requested_at, erasure.hidden_at, erasure.rewritten_at)
    last = ends_at(stages)
    if last is None or now < last or erasure.rewritten_at is None:
        return False
    oldest = forgetting.oldest_snapshot(rooms.iceberg, forgetting.rewritten_tables())
    return oldest is None or oldest > erasure.rewritten_at


def _end(rooms: Rooms, erasure: Erasure) -> str:
    """Forget the ids: in the lake tonight, in Postgres once older snapshots of that have gone."""
    if forgetting.unhide(rooms.lake.trino, rooms.iceberg, erasure.erasure_id):
        return f"erasure {erasure.erasure_id}: the lake has forgotten whom it hid"
    erasures.end(rooms.control, erasure.erasure_id)
    return f"erasure {erasure.erasure_id} has ended"


def _erased(erasure: Erasure) -> Erased:
    person = Person(erasure.site_id, tuple(erasure.visitor_ids), erasure.user_id)
    return Erased(erasure.erasure_id, person)
