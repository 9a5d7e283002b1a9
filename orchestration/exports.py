"""Exports over the API: one run writes the files that wait, and others that come meanwhile."""

import logging
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from orchestration.opening import open_control
from pipelines.lake.config import load_config
from pipelines.lake.errors import LakeError
from pipelines.lake.export.asked import Export, statement, tenant
from pipelines.lake.export.files import drafted, write_rows
from schemas.exports import Format
from serving.control import exports
from serving.control.database import Connection
from serving.control.errors import ControlError
from serving.control.sites import get_site

LOG = logging.getLogger(__name__)


def write_queued(control: Connection, trino_url: str, folder: Path, run_id: str) -> list[str]:
    """Write all files that wait, oldest first; return why some could not be written."""
    folder.mkdir(parents=True, exist_ok=True)
    failures = []
    while job := exports.take(control, run_id):
        try:
            rows = _write(control, trino_url, folder, job)
            size = (folder / job.file_name).stat().st_size
            exports.finish(control, job.export_id, rows, size)
        except (LakeError, ControlError, OSError) as error:
            LOG.exception("export %s failed", job.export_id)
            exports.fail(control, job.export_id, _told(error))
            failures.append(f"{job.export_id}: {error}")
    return failures


def _write(control: Connection, trino_url: str, folder: Path, job: exports.ExportJob) -> int:
    site = get_site(control, job.site_id)
    asked = Export(site.site_id, site.timezone, job.view_name, job.first_date, job.last_date)
    select = statement(asked)
    trino = tenant(trino_url, site.site_id)
    with drafted(folder / job.file_name) as out, trino.stream(*select) as stream:
        return write_rows(Format(job.format), stream, out)


def _told(error: Exception) -> str:
    """Return what the asker may read: no path of this machine."""
    if isinstance(error, OSError):
        return f"The file could not be written: {error.strerror or type(error).__name__}."
    return str(error)


def forget_old(control: Connection, folder: Path, now: datetime) -> int:
    """Forget exports that are kept no longer, and remove files that nobody knows."""
    exports.kept_no_longer(control, now)
    if not folder.is_dir():
        return 0
    known = exports.known_files(control)
    # A draft of a run that died is nobody's; that of one that writes now has a known name in it.
    old = [path for path in folder.iterdir() if not any(name in path.name for name in known)]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


@dg.op
def write_waiting_exports(context: dg.OpExecutionContext) -> None:
    """Write what waits; a failure is told to whoever asked and does not fail the run."""
    config = load_config()
    if config.exports is None:
        raise dg.Failure("HEADWATER_EXPORTS is not set", allow_retries=False)
    with open_control() as control:
        failures = write_queued(control, config.trino_url, config.exports, context.run_id)
    context.log.info("failed: %s", "; ".join(failures) or "none")


@dg.op
def forget_old_exports(context: dg.OpExecutionContext) -> None:
    """Remove files of exports that are kept no longer."""
    folder = load_config().exports
    if folder is not None:
        with open_control() as control:
            context.log.info("exports: %d files", forget_old(control, folder, datetime.now(UTC)))


@dg.job(executor_def=dg.in_process_executor)
def write_exports() -> None:
    """Write the files that were asked for over the API."""
    write_waiting_exports()


@dg.job(executor_def=dg.in_process_executor)
def forget_exports() -> None:
    """Remove old files."""
    forget_old_exports()
