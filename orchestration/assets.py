"""The batch tables as Dagster assets, made from pipelines/batch/*/table.toml."""

from collections.abc import Iterator, Sequence
from typing import Final

import dagster as dg

from orchestration.opening import open_control, open_lake
from orchestration.work import Outcome, restate_due, restate_queue
from pipelines.batch.findings import Finding, findings_of
from pipelines.batch.tables import BATCH_TABLES, BatchTable
from schemas.load import TABLES

GROUP: Final = "restated_days"
_KEY_PREFIX: Final = "web"
# Findings are told and hold nothing back: a day may be unlike others and true.
_FINDINGS: Final = "findings"
_JUDGED: Final = "daily_event"
_RUNBOOK: Final = "docs/runbooks/data-quality.md"


class Ask(dg.Config):
    """What a run restates: the queue of requests, or due days (at night the older ones too)."""

    is_queue: bool = False
    is_nightly: bool = False


def key(table: str) -> dg.AssetKey:
    """Return the asset of a table of schema `web`."""
    return dg.AssetKey([_KEY_PREFIX, table])


def source_specs() -> list[dg.AssetSpec]:
    """Return what batch reads and others write, so that the lineage starts at the stream."""
    read = {name for table in BATCH_TABLES.values() for name in table.contract.depends_on}
    return [
        dg.AssetSpec(
            key(name),
            description=TABLES[name].doc,
            group_name="stream",
            kinds={"flink", "iceberg"},
        )
        for name in sorted(read - BATCH_TABLES.keys())
    ]


def _spec(table: BatchTable) -> dg.AssetSpec:
    return dg.AssetSpec(
        key(table.name),
        deps=[key(name) for name in table.contract.depends_on],
        description=f"{TABLES[table.name].doc} One row: {table.contract.grain}.",
        group_name=GROUP,
        owners=[f"team:{table.contract.owner}"],
        kinds={"trino", "iceberg"},
    )


def _checks() -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            check.measure, asset=key(table.name), description=check.says, blocking=True
        )
        for table in BATCH_TABLES.values()
        for check in table.contract.checks
    ] + [
        dg.AssetCheckSpec(
            _FINDINGS,
            asset=key(_JUDGED),
            description="The events of a day are like those of the weekday before.",
        )
    ]


@dg.multi_asset(
    name="restate_days",
    specs=[_spec(table) for table in BATCH_TABLES.values()],
    check_specs=_checks(),
)
def restated_tables(
    context: dg.AssetExecutionContext, config: Ask
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Restate site-days and switch to those whose checks pass; fail if one does not."""
    lake = open_lake()
    with open_control() as control:
        if config.is_queue:
            outcome = restate_queue(lake, control, context.run_id)
        else:
            outcome = restate_due(lake, control, is_nightly=config.is_nightly)
    yield from results(outcome)
    yield told(findings_of(lake, outcome.runs))
    if outcome.failures:
        raise dg.Failure("; ".join(outcome.failures), allow_retries=False)


def results(outcome: Outcome) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Return what the page shows: days and runs for each table, the worst value of each check."""
    days = [f"{run.site_id} {day}" for run in outcome.runs for day in run.dates]
    metadata: dict[str, int | str] = {"days": len(days), "restated": ", ".join(days) or "none"}
    for table in BATCH_TABLES.values():
        yield dg.MaterializeResult(asset_key=key(table.name), metadata=metadata)
        for check in table.contract.checks:
            found = [
                verdict
                for verdict in outcome.verdicts
                if verdict.table == table.name and verdict.check == check
            ]
            bad = [verdict for verdict in found if not verdict.passed]
            yield dg.AssetCheckResult(
                asset_key=key(table.name),
                check_name=check.measure,
                passed=not bad,
                metadata={
                    "runs": len(found),
                    "failed": ", ".join(f"{v.run_id}: {v.value}" for v in bad) or "none",
                },
            )


def told(findings: Sequence[Finding]) -> dg.AssetCheckResult:
    """Return what the page shows of findings: a warning that names the runbook."""
    listed = "\n".join(f"- {finding}" for finding in findings[:100])
    return dg.AssetCheckResult(
        asset_key=key(_JUDGED),
        check_name=_FINDINGS,
        passed=not findings,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "count": len(findings),
            "findings": dg.MetadataValue.md(listed or "none"),
            "runbook": _RUNBOOK,
        },
    )
