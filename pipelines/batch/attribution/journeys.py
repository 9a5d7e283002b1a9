"""What the models look at: a conversion and the touches before it, and paths of the past."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal


@dataclass(frozen=True)
class Touch:
    """A session of a visitor, seen as a step towards a conversion."""

    session_id: str
    touched_at: datetime
    source: str
    medium: str
    channel: str
    campaign: str | None = None
    entry_page: str | None = None
    click_id_kind: str | None = None
    click_id: str | None = None


@dataclass(frozen=True)
class Conversion:
    """An event that a site wanted. `revenue_amount` is in `currency`; both None without money."""

    event_id: str
    event_name: str
    local_date: date
    converted_at: datetime
    visitor_id: str | None = None
    revenue_amount: Decimal | None = None
    currency: str | None = None
    revenue_usd_amount: Decimal | None = None
    is_bot: bool = False


@dataclass(frozen=True)
class Journey:
    """A conversion and its touches, oldest first; equal times by session id."""

    conversion: Conversion
    touches: tuple[Touch, ...] = ()

    def within(self, lookback_days: int) -> "Journey":
        """Return the journey with the touches that began so many days before, to the moment."""
        until = self.conversion.converted_at
        since = until - timedelta(days=lookback_days)
        kept = (touch for touch in self.touches if since <= touch.touched_at <= until)
        return replace(
            self,
            touches=tuple(sorted(kept, key=lambda touch: (touch.touched_at, touch.session_id))),
        )

    @property
    def days_to_convert(self) -> int | None:
        """Whole days from the first touch to the conversion, None without a touch."""
        if not self.touches:
            return None
        return (self.conversion.converted_at - self.touches[0].touched_at).days


@dataclass(frozen=True)
class Path:
    """Channels in the order a visitor met them, and how often that led to a conversion or not.

    Whether a channel stands once or more times in a row makes no difference to any model.
    """

    channels: tuple[str, ...]
    converted_count: int
    lost_count: int


def converting_first(paths: Iterable[Path]) -> list[str]:
    """Return every channel, those in most converting paths first, then by name."""
    counts: dict[str, int] = {}
    for path in paths:
        for channel in set(path.channels):
            counts[channel] = counts.get(channel, 0) + path.converted_count
    return sorted(counts, key=lambda channel: (-counts[channel], channel))
