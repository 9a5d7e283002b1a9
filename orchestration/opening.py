"""Opens what a run works with, from the settings of pipelines/lake/config.py."""

import json
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import psycopg

from pipelines.batch.locks import site_lock
from pipelines.batch.restate import Lake
from pipelines.batch.sites.model import SiteRow, mirror
from pipelines.lake.appending import appender
from pipelines.lake.config import Config, load_config
from pipelines.lake.errors import LakeUnavailable
from pipelines.lake.trino import Trino
from schemas.goals import SiteGoals
from serving.control.database import Connection, connect
from serving.control.errors import ControlUnavailable, UnknownSite
from serving.control.goals import goals_of_site
from serving.control.sites import Site, list_sites


def open_lake(config: Config | None = None) -> Lake:
    """Return the lake with one restatement of a site at a time."""
    config = config or load_config()

    def lock(site_id: str) -> AbstractContextManager[object]:
        return site_lock(config.control_url, site_id)

    def goals(site_id: str) -> SiteGoals:
        return _goals(config.control_url, site_id)

    return Lake(Trino(config.trino_url), lock, append=appender(config.catalog), goals=goals)


def open_control(config: Config | None = None) -> Connection:
    """Return a connection to the control plane."""
    return connect((config or load_config()).control_url)


def _goals(control_url: str, site_id: str) -> SiteGoals:
    """Return the goals of a site; one that is in the mirror alone has none."""
    try:
        with connect(control_url) as control:
            return goals_of_site(control, site_id)
    except UnknownSite:
        return SiteGoals()
    except (ControlUnavailable, psycopg.OperationalError) as error:
        raise LakeUnavailable(
            "The control plane's Postgres does not answer. See `headwater status`."
        ) from error


def mirror_sites(control: Connection, lake: Lake) -> list[str]:
    """Bring web.sites up to the control plane and return the ids of what changed."""
    rows = [site_row(site) for site in list_sites(control)]
    return [site.site_id for site in mirror(lake.trino, rows, datetime.now(UTC))]


def site_row(site: Site) -> SiteRow:
    """Return a site as the mirror has it."""
    rules = site.settings.get("channel_rules")
    return SiteRow(
        site_id=site.site_id,
        name=site.name,
        timezone=site.timezone,
        allowed_hosts=",".join(site.allowed_hosts),
        exclude_bots=site.exclude_bots,
        retention_days=site.retention_days,
        channel_rules=json.dumps(rules, sort_keys=True) if rules else None,
    )
