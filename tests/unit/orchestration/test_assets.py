"""What Dagster's page shows of findings."""

from datetime import date

from orchestration.assets import told
from pipelines.batch.findings import Finding

LATE = Finding("shop", date(2026, 3, 31), "sign_up", None, "late", 0.25, 0.2)
GONE = Finding("shop", date(2026, 3, 31), "sign_up", "plan", "property_vanished", 0.0, 0.5)


def test_findings_warn_and_name_the_runbook() -> None:
    result = told([LATE, GONE])
    assert not result.passed
    assert result.severity.value == "WARN"
    listed = str(result.metadata["findings"].value)
    assert "shop 2026-03-31 sign_up: Many events arrive late (0.25, 0.2)" in listed
    assert "sign_up.plan: A property that was there before" in listed
    assert result.metadata["count"].value == 2
    assert result.metadata["runbook"].value == "docs/runbooks/data-quality.md"


def test_without_findings_the_check_passes() -> None:
    assert told([]).passed
