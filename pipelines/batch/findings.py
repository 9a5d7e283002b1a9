"""What is unlike before in the events of restated days: analytics.quality_findings, in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from pipelines.batch.restate import Lake
from pipelines.batch.run import Run
from pipelines.batch.tables import FOLDER
from schemas.load import RULES


@dataclass(frozen=True)
class Finding:
    """A row of analytics.quality_findings."""

    site_id: str
    local_date: date
    event_name: str
    property_name: str | None
    finding: str
    found: float
    usual: float

    def __str__(self) -> str:
        """Say what was found where, with its number and the one it was held against."""
        what = ".".join(filter(None, (self.event_name, self.property_name)))
        says = RULES.quality.findings[self.finding]
        return f"{self.site_id} {self.local_date} {what}: {says} ({self.found:g}, {self.usual:g})"


def findings_of(lake: Lake, runs: Iterable[Run]) -> list[Finding]:
    """Return what is found in the days of runs that were switched to, in one question."""
    days = {(run.site_id, day) for run in runs for day in run.dates}
    if not days:
        return []
    sites = sorted({site for site, _ in days})
    dates = sorted({day for _, day in days})
    rows = lake.ask(FOLDER / "findings.sql", {"sites": sites, "dates": dates})
    found = [Finding(**row) for row in rows]
    return [one for one in found if (one.site_id, one.local_date) in days]
