"""Everything Dagster loads: `dagster-webserver -m orchestration.definitions`."""

import dagster as dg

from orchestration.assets import restated_tables, source_specs
from orchestration.care import (
    compact_tables,
    expire_snapshots,
    forget_persons_job,
    forget_recordings_job,
    purge_runs,
)
from orchestration.exports import forget_exports, write_exports
from orchestration.reports import send_reports
from orchestration.schedules import (
    compaction,
    erasing,
    export_queue,
    forgetting,
    forgetting_exports,
    hourly,
    lost_runs,
    nightly,
    purge,
    reports_due,
    restate_job,
    restatement_queue,
)

definitions = dg.Definitions(
    assets=[restated_tables, *source_specs()],
    jobs=[
        restate_job,
        compact_tables,
        expire_snapshots,
        purge_runs,
        forget_recordings_job,
        forget_persons_job,
        send_reports,
        write_exports,
        forget_exports,
    ],
    schedules=[hourly, nightly, compaction, purge, forgetting, erasing, forgetting_exports],
    sensors=[restatement_queue, reports_due, export_queue, lost_runs],
)
