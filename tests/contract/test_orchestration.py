"""What Dagster loads: assets, checks and schedules follow the folders of batch tables."""

import dagster as dg

from infra.local.engines.dagster import INSTANCE
from orchestration.assets import key
from orchestration.definitions import definitions
from pipelines.batch.tables import BATCH_TABLES


def test_every_batch_table_is_an_asset_with_its_lineage() -> None:
    graph = definitions.resolve_asset_graph()
    for table in BATCH_TABLES.values():
        parents = graph.get(key(table.name)).parent_keys
        assert parents == {key(name) for name in table.contract.depends_on}


def test_every_check_is_shown_and_blocks_but_findings() -> None:
    specs = [
        spec
        for assets in definitions.assets or []
        if isinstance(assets, dg.AssetsDefinition)
        for spec in assets.check_specs
    ]
    shown = {(spec.asset_key, spec.name) for spec in specs}
    asked = {
        (key(table.name), check.measure)
        for table in BATCH_TABLES.values()
        for check in table.contract.checks
    }
    findings = (key("daily_event"), "findings")
    assert shown == asked | {findings}
    not_blocking = [spec for spec in specs if not spec.blocking]
    assert [(spec.asset_key, spec.name) for spec in not_blocking] == [findings]


def test_schedules_and_sensors_run_without_being_switched_on() -> None:
    schedules = [s for s in definitions.schedules or [] if isinstance(s, dg.ScheduleDefinition)]
    assert {schedule.name for schedule in schedules} == {
        "restate_hourly",
        "restate_nightly",
        "compact_tables",
        "purge_runs",
        "forget_recordings",
        "forget_persons",
        "forget_exports",
    }
    assert {s.default_status for s in schedules} == {dg.DefaultScheduleStatus.RUNNING}
    sensors = {sensor.name: sensor.default_status for sensor in definitions.sensors or []}
    assert sensors == {
        "restatement_queue": dg.DefaultSensorStatus.RUNNING,
        "export_queue": dg.DefaultSensorStatus.RUNNING,
        "reports_due": dg.DefaultSensorStatus.RUNNING,
        "lost_runs": dg.DefaultSensorStatus.RUNNING,
    }


def test_jobs_that_rewrite_files_take_turns() -> None:
    """As the instance's limit for the tag has it."""
    tagged = {
        job.name for job in definitions.jobs or [] if "headwater/rewrites" in (job.tags or {})
    }
    assert tagged == {"compact_tables", "purge_runs", "forget_recordings", "forget_persons"}
    assert "key: headwater/rewrites\n        limit: 1" in INSTANCE
