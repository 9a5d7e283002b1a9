"""What sites define themselves, gathered from where each part is kept."""

from collections.abc import Iterable

from schemas.loaders.edge_rules import rules_of_site
from schemas.site_definitions import SiteDefinitions
from serving.control.database import Connection
from serving.control.goals import SiteGoal, goals_among, list_goals
from serving.control.sites import Site, get_site, list_sites


def definitions_of_site(conn: Connection, site_id: str) -> SiteDefinitions:
    """Return what a site defines, or raise UnknownSite."""
    return _definitions(get_site(conn, site_id), list_goals(conn, site_id))


def definitions_by_site(conn: Connection) -> dict[str, SiteDefinitions]:
    """Return what every site defines."""
    goals = list_goals(conn)
    return {site.site_id: _definitions(site, goals) for site in list_sites(conn)}


def _definitions(site: Site, goals: Iterable[SiteGoal]) -> SiteDefinitions:
    rules = rules_of_site(site.settings.get("channel_rules"))
    return SiteDefinitions(goals_among(goals, site), rules)
