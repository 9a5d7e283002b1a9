"""web.erasures: whom a site has to forget. A row there hides the person in views and batch."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pipelines.lake.persons import Person
from pipelines.lake.sql import bind, read_sql
from pipelines.lake.trino import Parameter, Trino

_FOLDER: Final = Path(__file__).parent
# A restatement that began within this of the row may not have seen it: its days are dirty.
_SETTLES_AFTER: Final = timedelta(minutes=1)
# Topic id and partition -> the newest offset.
Ends = Mapping[tuple[str, int], int]


def record(
    trino: Trino,
    erasure_id: int,
    person: Person,
    requested_at: datetime,
    now: datetime,
    ends: Ends | None = None,
) -> int:
    """Hide a person up to the newest offset of every partition; return the rows written.

    `ends` are the newest offsets of topics as the broker has them: what is on its way to the
    tables is hidden, too. A second call hides what came since, and makes days dirty once more.
    """
    known = ends or {}
    users = [] if person.user_id is None else [person.user_id]
    nobody: list[str | None] = [None] * len(person.visitor_ids)
    values: dict[str, Parameter] = {
        "erasure_id": erasure_id,
        "site_id": person.site_id,
        "visitors": list(person.visitor_ids),
        "users": [*nobody, *users],
        "user_ids": users,
        "topic_ids": [topic for topic, _ in known],
        "topic_partitions": [partition for _, partition in known],
        "topic_offsets": list(known.values()),
        "requested_at": requested_at,
        "settled_at": now + _SETTLES_AFTER,
    }
    return trino.write(*bind(read_sql(_FOLDER / "record.sql").text, values))
