"""Session recordings: what a site is set to, and where a piece of one lies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from schemas.load import RULES, TABLES

# Name in `sites.settings`; the value is a table of the fields below, and its absence is off.
SETTING: Final = "recording"
KEEP_DAYS: Final = TABLES["recording_chunks"].keep_days or 0
_SUFFIX: Final = ".json.gz"


@dataclass(frozen=True)
class RecordingSettings:
    """How a site records: a share of its sessions, kept for so many days."""

    sample_percent: int = RULES.recordings.sample_percent
    snapshot_seconds: int = RULES.recordings.snapshot_seconds
    keep_days: int = KEEP_DAYS


def recording_of(settings: Mapping[str, Any]) -> RecordingSettings | None:
    """Return the settings of a site that records, None for one that does not.

    A value that cannot be meant counts as the default; kept is never more than the table keeps.
    """
    given = settings.get(SETTING)
    if not isinstance(given, Mapping) or given.get("is_on") is not True:
        return None
    usual = RecordingSettings()
    return RecordingSettings(
        sample_percent=_whole(given.get("sample_percent"), 100, usual.sample_percent),
        snapshot_seconds=_whole(given.get("snapshot_seconds"), 3_600, usual.snapshot_seconds),
        keep_days=_whole(given.get("keep_days"), KEEP_DAYS, usual.keep_days) or usual.keep_days,
    )


def keep_days_of(settings: Mapping[str, Any]) -> int:
    """Return how many days a site's recordings are kept, whether or not it still records."""
    given = settings.get(SETTING)
    wanted = given.get("keep_days") if isinstance(given, Mapping) else None
    return _whole(wanted, KEEP_DAYS, KEEP_DAYS) or KEEP_DAYS


def chunk_key(
    site_id: str, started_date: date, session_id: str, recording_id: str, sequence: int
) -> str:
    """Return site/date/session/recording/sequence; `started_date` is the recording's, in UTC.

    All pieces of a recording lie under one date: retention removes whole dates of a site.
    """
    place = f"{site_id}/{started_date.isoformat()}/{session_id}/{recording_id}"
    return f"{place}/{sequence:06d}{_SUFFIX}"


def date_of_folder(name: str) -> date | None:
    """Return the date that a folder below a site stands for, None if it is none."""
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None


def _whole(value: Any, most: int, usual: int) -> int:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 <= value <= most else usual
