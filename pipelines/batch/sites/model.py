"""web.sites: what the control plane knows of its sites, so that SQL can join it."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path

from pipelines.lake.sql import read_sql
from pipelines.lake.trino import Trino

_NEWEST = Path(__file__).parent / "newest.sql"


@dataclass(frozen=True)
class SiteRow:
    """One site as the mirror has it; `allowed_hosts` is comma-separated, rules are JSON."""

    site_id: str
    name: str
    timezone: str
    allowed_hosts: str
    exclude_bots: bool
    retention_days: int | None
    is_deleted: bool = False
    channel_rules: str | None = None


def mirror(trino: Trino, sites: Iterable[SiteRow], now: datetime) -> list[SiteRow]:
    """Append the sites that differ from the mirror and return them; mostly none."""
    known = [SiteRow(**row) for row in trino.rows(read_sql(_NEWEST).text)]
    news = changes(sites, known)
    if news:
        names = [field.name for field in fields(SiteRow)]
        places = "(" + ", ".join("?" for _ in (*names, "mirrored_at")) + ")"
        trino.write(
            f"INSERT INTO lake.web.sites ({', '.join(names)}, mirrored_at)"  # noqa: S608
            f" VALUES {', '.join(places for _ in news)}",
            [value for site in news for value in (*(getattr(site, n) for n in names), now)],
        )
    return news


def changes(sites: Iterable[SiteRow], known: Iterable[SiteRow]) -> list[SiteRow]:
    """Return what is new, changed, or gone (as a row with `is_deleted`)."""
    current = {site.site_id: site for site in sites}
    mirrored = {site.site_id: site for site in known}
    gone = [
        replace(site, is_deleted=True)
        for name, site in mirrored.items()
        if name not in current and not site.is_deleted
    ]
    return [site for name, site in current.items() if mirrored.get(name) != site] + gone
