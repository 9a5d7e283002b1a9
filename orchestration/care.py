"""Care of the lake: compaction, snapshot expiry, purging of superseded runs, forgetting."""

from datetime import UTC, datetime
from typing import Final

import dagster as dg

from orchestration.forgetting import Rooms, forget_persons
from orchestration.opening import open_control, open_lake
from pipelines.blobs import open_blobs
from pipelines.lake.compaction import (
    compact,
    forget,
    kept_for_days,
    may_have_many,
    purge,
    restated_tables,
)
from pipelines.lake.config import load_config
from pipelines.lake.expiry import expire
from pipelines.lake.orphans import remove_orphans
from pipelines.lake.recordings import forget_recordings
from pipelines.lake.tables import open_catalog
from pipelines.lake.trino import Trino
from schemas.load import TABLES
from schemas.recording import keep_days_of
from serving.control.sites import Site, list_sites

# Runs with this tag take turns: two that rewrite files of one table would undo each other's work.
REWRITES: Final = {"headwater/rewrites": "files"}


@dg.op(out=dg.Out(dg.Nothing))
def compact_each(context: dg.OpExecutionContext) -> None:
    """Rewrite the small files of every table that has many in a partition."""
    config = load_config()
    with open_catalog(config.catalog) as iceberg:
        worth_asking = [name for name in TABLES if may_have_many(iceberg.load_table(("web", name)))]
    trino = Trino(config.trino_url)
    done = [name for name in worth_asking if compact(trino, name)]
    context.log.info("compacted: %s", ", ".join(done) or "nothing")


@dg.op(ins={"compacted": dg.In(dg.Nothing)})
def expire_each(context: dg.OpExecutionContext) -> None:
    """Forget snapshots that nobody needs, table by table."""
    with open_catalog(load_config().catalog) as iceberg:
        for name in TABLES:
            done = expire(iceberg.load_table(("web", name)), datetime.now(UTC))
            if done.snapshots:
                context.log.info("%s: %d snapshots, %d files", name, done.snapshots, done.files)


@dg.op(out=dg.Out(dg.Nothing))
def nothing_before() -> None:
    """Stand where another job rewrites files first."""


@dg.op(out=dg.Out(dg.Nothing))
def purge_each(context: dg.OpExecutionContext) -> None:
    """Remove the rows of runs that count no more, and days that a table does not keep."""
    trino, now = Trino(load_config().trino_url), datetime.now(UTC)
    for name, time_column in kept_for_days().items():
        context.log.info("%s: %d old rows", name, forget(trino, name, time_column, now))
    for name, date_column in restated_tables().items():
        context.log.info("%s: %d rows", name, purge(trino, name, date_column, now))


@dg.op(ins={"purged": dg.In(dg.Nothing)})
def remove_each_orphan() -> None:
    """Remove old files that no snapshot names, table by table."""
    remove_orphans(Trino(load_config().trino_url), TABLES)


@dg.op
def forget_old_recordings(context: dg.OpExecutionContext) -> None:
    """Remove recordings, rows and objects, that are older than their sites keep them."""
    config = load_config()
    with open_control() as control:
        keep_days = {site.site_id: _keep_days(site) for site in list_sites(control)}
    blobs, trino = open_blobs(config.recordings), Trino(config.trino_url)
    done = forget_recordings(trino, blobs, keep_days, datetime.now(UTC))
    context.log.info("recordings: %d rows, %d objects", done.rows, done.objects)


def _keep_days(site: Site) -> int:
    """Return how long a site's recordings are kept: never longer than its events."""
    days = keep_days_of(site.settings)
    return days if site.retention_days is None else min(days, site.retention_days)


# What else writes the files anew may have been at work on a table; what was done stays done.
@dg.op(retry_policy=dg.RetryPolicy(max_retries=3, delay=60))
def forget_each_person(context: dg.OpExecutionContext) -> None:
    """Delete the rows of erased persons, rewrite their files, and end what has ended."""
    config = load_config()
    with open_control() as control, open_catalog(config.catalog) as iceberg:
        rooms = Rooms(open_lake(config), iceberg, open_blobs(config.recordings), control)
        for line in forget_persons(rooms, datetime.now(UTC)):
            context.log.info(line)


@dg.job(executor_def=dg.in_process_executor, tags=REWRITES)
def compact_tables() -> None:
    """Rewrite small files, then forget old snapshots: in one run, a process takes seconds."""
    expire_each(compact_each())


@dg.job(executor_def=dg.in_process_executor)
def expire_snapshots() -> None:
    """Forget old snapshots."""
    expire_each(nothing_before())


@dg.job(executor_def=dg.in_process_executor, tags=REWRITES)
def purge_runs() -> None:
    """Remove superseded runs, old days, and files that no snapshot names."""
    remove_each_orphan(purge_each())


@dg.job(name="forget_recordings", executor_def=dg.in_process_executor, tags=REWRITES)
def forget_recordings_job() -> None:
    """Remove old recordings."""
    forget_old_recordings()


@dg.job(name="forget_persons", executor_def=dg.in_process_executor, tags=REWRITES)
def forget_persons_job() -> None:
    """Remove erased persons."""
    forget_each_person()
