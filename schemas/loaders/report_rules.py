"""Reports by e-mail (rules/reports.toml)."""

from dataclasses import dataclass

from schemas.loaders.strict import SchemaError


@dataclass(frozen=True)
class ReportTable:
    """A breakdown of a report, by its first metric; `is_only_above_zero` leaves out zeros."""

    title: str
    dimension: str
    metrics: tuple[str, ...]
    is_only_above_zero: bool = False


@dataclass(frozen=True)
class ReportRules:
    """What is in a report, when it is sent, how often that is tried (rules/reports.toml)."""

    metrics: tuple[str, ...]
    chart_metric: str
    chart_days: int
    table_rows: int
    value_length: int
    hour: int
    max_recipients: int
    look_again_minutes: int
    retry_minutes: tuple[int, ...]
    lease_minutes: int
    pending_days: int
    overdue_hours: int
    tables: tuple[ReportTable, ...]


def check_reports(rules: ReportRules) -> None:
    """Refuse what no report could be made or sent by."""
    where = "rules/reports.toml"
    if rules.chart_metric not in rules.metrics:
        raise SchemaError(f"{where}: chart_metric must be one of metrics")
    if not 0 <= rules.hour <= 23:
        raise SchemaError(f"{where}: hour must be 0 to 23")
    if rules.chart_days < 7:
        raise SchemaError(f"{where}: chart_days must be 7 or more, to hold a week")
    if not all(table.metrics for table in rules.tables):
        raise SchemaError(f"{where}: a table needs a metric")
