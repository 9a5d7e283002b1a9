"""What the launcher reads in the lake: newest commits, progress, marks. Reads only."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.catalog import Catalog as Iceberg
from pyiceberg.conversions import from_bytes
from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.expressions.parser import parse
from pyiceberg.table import Table
from pyiceberg.types import TimestamptzType

from pipelines.catalog import SCHEMA_NAME
from pipelines.flink_jobs.restore import Commit
from pipelines.flink_jobs.starts import Marks
from pipelines.flink_jobs.where_to_start import Progress


def newest_commits(iceberg: Iceberg, tables: Iterable[str]) -> dict[str, Commit | None]:
    """Return for each table what its newest snapshot made by Flink says, None without any."""
    return {name: _newest_commit(_table(iceberg, name)) for name in tables}


def read_progress(iceberg: Iceberg) -> list[Progress]:
    """Return all rows of stream_progress; it is kept for days, not for ever."""
    names = ("topic_name", "topic_id", "topic_partition", "topic_offset", "appended_at")
    rows = _table(iceberg, "stream_progress").scan(selected_fields=names).to_arrow()
    newest = rows.group_by(["topic_name", "topic_id", "topic_partition"]).aggregate(
        [("topic_offset", "max"), ("appended_at", "max")]
    )
    return [
        Progress(
            topic=row["topic_name"],
            topic_id=row["topic_id"],
            partition=row["topic_partition"],
            offset=row["topic_offset_max"],
            appended_ms=_ms(row["appended_at_max"]),
        )
        for row in newest.to_pylist()
    ]


def read_marks(
    iceberg: Iceberg,
    table: str,
    topics: Mapping[str, str],
    from_ms: int,
    reason: str | None = None,
) -> Marks:
    """Return the newest offset in the table's rows by topic name and partition.

    `topics` maps ids to names; rows of other topics do not count, nor those of another `reason`.
    Rows appended before `from_ms` are not read: the start does not read their records either.
    """
    marks: dict[tuple[str, int], int] = {}
    names = ("topic_id", "topic_partition", "topic_offset")
    chosen = _filter(from_ms, reason)
    scan = _table(iceberg, table).scan(row_filter=chosen, selected_fields=names)
    for batch in scan.to_arrow_batch_reader():
        newest = pa.Table.from_batches([batch]).group_by(["topic_id", "topic_partition"])
        for row in newest.aggregate([("topic_offset", "max")]).to_pylist():
            if row["topic_id"] in topics:
                place = (topics[row["topic_id"]], row["topic_partition"])
                marks[place] = max(marks.get(place, -1), row["topic_offset_max"])
    return marks


def newest_time(iceberg: Iceberg, table: str, column: str) -> int | None:
    """Return the newest time in a column of a table in epoch ms, None if it is empty.

    Asked for an event time, not for `emitted_at`: a job that was catching up emitted old rows late,
    and what lay between would never be read again. Iceberg keeps the largest value of each file;
    rows are read only if it does not know it of one of them, or rows of one were deleted.
    """
    found = _table(iceberg, table)
    field_id = found.schema().find_field(column).field_id
    times: list[int] = []
    for task in found.scan(selected_fields=(column,)).plan_files():
        bound = (task.file.upper_bounds or {}).get(field_id)
        if bound is None or task.delete_files:
            return _newest_of_rows(found, column)
        times.append(int(from_bytes(TimestamptzType(), bound)))  # microseconds
    return max(times) // 1000 if times else None


def _newest_of_rows(table: Table, column: str) -> int | None:
    newest = None
    for batch in table.scan(selected_fields=(column,)).to_arrow_batch_reader():
        found = pc.max(batch[column]).as_py()
        newest = found if newest is None else max(newest, found or newest)
    return None if newest is None else _ms(newest)


def _newest_commit(table: Table) -> Commit | None:
    for snapshot in sorted(table.snapshots(), key=lambda each: each.timestamp_ms, reverse=True):
        summary = snapshot.summary.additional_properties if snapshot.summary else {}
        if "flink.job-id" in summary:
            return Commit(
                summary["flink.job-id"], int(summary["flink.max-committed-checkpoint-id"])
            )
    return None


def _table(iceberg: Iceberg, name: str) -> Table:
    return iceberg.load_table((SCHEMA_NAME, name))


def _filter(from_ms: int, reason: str | None) -> BooleanExpression:
    moment = datetime.fromtimestamp(max(0, from_ms) / 1000, UTC).isoformat()
    conditions = [f"appended_at >= '{moment}'"] if from_ms > 0 else []
    conditions += [f"reason = '{reason}'"] if reason else []
    return parse(" AND ".join(conditions)) if conditions else AlwaysTrue()


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
