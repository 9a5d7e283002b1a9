"""Tell the local day of a moment in a time zone."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

# No zone changes its offset, and no day begins, within a quarter of an hour of the clock.
QUARTER_MS: Final = 15 * 60 * 1000


def local_date(at_ms: int, timezone: str) -> str:
    """Return the local day, YYYY-MM-DD, of a moment in epoch ms."""
    return _date_of_quarter(at_ms // QUARTER_MS, timezone)


@lru_cache(8_192)
def _date_of_quarter(quarter: int, timezone: str) -> str:
    moment = datetime.fromtimestamp(quarter * QUARTER_MS // 1000, UTC)
    return moment.astimezone(ZoneInfo(timezone)).date().isoformat()
