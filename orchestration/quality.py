"""Runs the checks of a restatement with great-expectations, before its days are switched."""

import logging
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.batch.errors import ChecksFailed
from pipelines.batch.restate import Lake
from pipelines.batch.run import Run
from pipelines.batch.tables import BATCH_TABLES, Check


@dataclass(frozen=True)
class Verdict:
    """What one check says of one run. `value` is the measure, as checks.sql found it."""

    table: str
    check: Check
    run_id: str
    value: int | None
    passed: bool


def verdicts(lake: Lake, run: Run) -> list[Verdict]:
    """Measure every table of a run and hold the measures to the bounds of table.toml."""
    found = []
    for table in BATCH_TABLES.values():
        if table.checks is not None:
            (measures,) = lake.ask(table.checks, run.values(), run)
            passed = within_bounds(measures, table.contract.checks)
            found += [
                Verdict(
                    table.name, check, run.run_id, measures[check.measure], passed[check.measure]
                )
                for check in table.contract.checks
            ]
    return found


def demand(found: Sequence[Verdict]) -> None:
    """Raise ChecksFailed if a verdict is bad, so that the run is never switched to."""
    bad = [
        f"{verdict.table}.{verdict.check.measure} is {verdict.value}. {verdict.check.says}"
        for verdict in found
        if not verdict.passed
    ]
    if bad:
        raise ChecksFailed(f"run {found[0].run_id} stays unused: {' '.join(bad)}")


def load_expectations() -> Any:
    """Import great-expectations, which takes 8 s and warns: only where a check is run.

    Call it early in a thread and the import overlaps with the queries.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    return great_expectations


def within_bounds(measures: dict[str, Any], checks: Sequence[Check]) -> dict[str, bool]:
    """Return by measure whether it lies within its bounds; a missing measure does not."""
    gx = load_expectations()
    import pandas  # type: ignore[import-untyped]

    expectations = [
        gx.expectations.ExpectColumnValuesToBeBetween(
            column=check.measure, min_value=check.min, max_value=check.max
        )
        for check in checks
    ] + [gx.expectations.ExpectColumnValuesToNotBeNull(column=check.measure) for check in checks]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        source = context.data_sources.add_pandas("measures").add_dataframe_asset("measures")
        batch = source.add_batch_definition_whole_dataframe("run").get_batch(
            {"dataframe": pandas.DataFrame([measures])}
        )
        result = batch.validate(gx.ExpectationSuite(name="run", expectations=expectations))
    passed = {check.measure: True for check in checks}
    for part in result.results:
        passed[part.expectation_config.kwargs["column"]] &= bool(part.success)
    return passed
