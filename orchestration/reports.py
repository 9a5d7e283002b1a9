"""Reports by e-mail: one run sends what is due."""

from datetime import UTC, datetime

import dagster as dg

from orchestration.opening import open_control
from pipelines.lake.config import load_config
from serving.config import load_mail_server
from serving.reports.send import Outcome, reader, send_due


@dg.op
def send_due_reports(context: dg.OpExecutionContext) -> None:
    """Send each report that is due and whose days are restated; fail if one could not be sent.

    What failed is taken again by a later run, as often as rules/reports.toml says.
    """
    read = reader(load_config().trino_url)
    with open_control() as control:
        outcome = send_due(control, read, load_mail_server, datetime.now(UTC))
    context.log.info("sent: %s; waiting: %s", _listed(outcome.sent), _listed(outcome.waiting))
    _demand(outcome)


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"


def _demand(outcome: Outcome) -> None:
    if outcome.failures:
        raise dg.Failure("; ".join(outcome.failures), allow_retries=False)


@dg.job(executor_def=dg.in_process_executor)
def send_reports() -> None:
    """Send the reports that are due."""
    send_due_reports()
