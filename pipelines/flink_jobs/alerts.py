"""Which alerts fire: numbers that were read, held against schemas/rules/alerts.toml."""

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.load import RULES


@dataclass(frozen=True)
class Reading:
    """A number of an alert's unit, read of something; None if nobody could tell."""

    alert: str
    of: str
    value: float | None


@dataclass(frozen=True)
class Firing:
    """An alert that fires, why, and where it is written what to do."""

    alert: str
    of: str
    reason: str

    @property
    def runbook(self) -> str:
        """Return the path of the runbook in the checkout."""
        return f"docs/runbooks/{self.alert}.md"


def firing(readings: Iterable[Reading]) -> list[Firing]:
    """Return an entry for each reading above its limit, in the order of the readings."""
    found = []
    for reading in readings:
        alert = RULES.alerts.alerts[reading.alert]
        if reading.value is not None and reading.value > float(alert.above):
            value = f"{reading.value:,.2f}".removesuffix(".00")
            reason = f"{value} {alert.unit}, more than {alert.above:,}"
            found.append(Firing(reading.alert, reading.of, reason))
    return found


def late_share(late: int, events: int) -> float | None:
    """Return the share of late events; None of too few to say anything."""
    return late / events if events >= RULES.alerts.late_min_events else None
