"""What sites define themselves, gathered from where each part is kept."""

from schemas.goals import SiteGoals
from schemas.loaders.edge_rules import rules_of_site
from schemas.site_definitions import SiteDefinitions
from serving.control.database import Connection
from serving.control.goals import goals_by_site, goals_of_site
from serving.control.sites import Site, get_site, list_sites


def definitions_of_site(conn: Connection, site_id: str) -> SiteDefinitions:
    """Return what a site defines, or raise UnknownSite."""
    return _definitions(get_site(conn, site_id), goals_of_site(conn, site_id))


def definitions_by_site(conn: Connection) -> dict[str, SiteDefinitions]:
    """Return what every site defines."""
    goals = goals_by_site(conn)
    return {site.site_id: _definitions(site, goals[site.site_id]) for site in list_sites(conn)}


def _definitions(site: Site, goals: SiteGoals) -> SiteDefinitions:
    return SiteDefinitions(goals, rules_of_site(site.settings.get("channel_rules")))
