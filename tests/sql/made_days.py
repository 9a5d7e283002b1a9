"""The made-up days of tests/agreement, for the runs of the jobs' cases.

HEADWATER_AGREEMENT_EVENTS says how many events they have.
"""

import os
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import cache
from typing import Final

from tests.agreement.expected import differences, first_copies, typed
from tests.agreement.streams import WAYS, Arrival, make_days
from tests.sql.streams import Row

_COUNT: Final = int(os.environ.get("HEADWATER_AGREEMENT_EVENTS", "4000"))
# The clocks of Berlin change on the second of them.
_FIRST_DAY: Final = date(2026, 3, 28)


@cache
def arrivals(way: str) -> list[Arrival]:
    """Return the days as they reach the topic that way; sites are `<way>/<zone>`."""
    return WAYS[way](make_days(_COUNT, _FIRST_DAY, way))


@cache
def copies(way: str) -> list[Row]:
    """Return the first copies among them, in order of arrival."""
    return first_copies(arrivals(way))


def unique_records() -> list[Row]:
    """Return what lies in unique-events of all ways: first copies that are on time."""
    return [
        {**row, "topic_id": "t", "topic_partition": 0, "topic_offset": row["arrival"]}
        for way in WAYS
        for row in copies(way)
        if not row["is_late"]
    ]


def raw_records(way: str, partition: int) -> list[Row]:
    """Return what lies in topic `events` that way, as collect_events reads it from a file."""
    return [
        {
            **arrival.record,
            "record_key": arrival.key,
            "topic_name": "events",
            "topic_partition": partition,
            "topic_offset": offset,
            "appended_time": _written(arrival.appended_at),
        }
        for offset, arrival in enumerate(arrivals(way))
    ]


def _written(ms: int) -> str:
    moment = datetime.fromtimestamp(ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def disagreements(record: str, way: str, found: Iterable[Row], wanted: list[Row]) -> list[str]:
    """Return where a table's rows of one way differ from the plain computation."""
    mine = [typed(record, row) for row in found if str(row["site_id"]).startswith(f"{way}/")]
    return differences(mine, wanted)
