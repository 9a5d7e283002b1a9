"""Care of the lake: compaction, snapshot expiry, purging of superseded runs."""

from datetime import UTC, datetime

import dagster as dg

from orchestration.opening import open_control
from pipelines.blobs import open_blobs
from pipelines.lake.compaction import compact, forget, kept_for_days, purge, restated_tables
from pipelines.lake.config import load_config
from pipelines.lake.expiry import expire
from pipelines.lake.recordings import forget_recordings
from pipelines.lake.tables import open_catalog
from pipelines.lake.trino import Trino
from schemas.load import TABLES
from schemas.recording import keep_days_of
from serving.control.sites import Site, list_sites


@dg.op
def compact_each(context: dg.OpExecutionContext) -> None:
    """Rewrite the small files of every table that has many."""
    trino = Trino(load_config().trino_url)
    done = [table for table in TABLES if compact(trino, table)]
    context.log.info("compacted: %s", ", ".join(done) or "nothing")


@dg.op
def expire_each(context: dg.OpExecutionContext) -> None:
    """Forget snapshots that nobody needs, table by table."""
    iceberg = open_catalog(load_config().catalog)
    for name in TABLES:
        done = expire(iceberg.load_table(("web", name)), datetime.now(UTC))
        if done.snapshots:
            context.log.info("%s: %d snapshots, %d files", name, done.snapshots, done.files)


@dg.op
def purge_each(context: dg.OpExecutionContext) -> None:
    """Remove the rows of runs that count no more, and days that a table does not keep."""
    trino, now = Trino(load_config().trino_url), datetime.now(UTC)
    for name, time_column in kept_for_days().items():
        context.log.info("%s: %d old rows", name, forget(trino, name, time_column, now))
    for name, date_column in restated_tables().items():
        context.log.info("%s: %d rows", name, purge(trino, name, date_column, now))


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


@dg.job(executor_def=dg.in_process_executor)
def compact_tables() -> None:
    """Rewrite small files."""
    compact_each()


@dg.job(executor_def=dg.in_process_executor)
def expire_snapshots() -> None:
    """Forget old snapshots."""
    expire_each()


@dg.job(executor_def=dg.in_process_executor)
def purge_runs() -> None:
    """Remove superseded runs and old days."""
    purge_each()


@dg.job(name="forget_recordings", executor_def=dg.in_process_executor)
def forget_recordings_job() -> None:
    """Remove old recordings."""
    forget_old_recordings()
