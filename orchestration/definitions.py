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
from orchestration.reports import send_reports
from orchestration.schedules import (
    compaction,
    erasing,
    forgetting,
    hourly,
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
    ],
    schedules=[hourly, nightly, compaction, purge, forgetting, erasing],
    sensors=[restatement_queue, reports_due],
)
