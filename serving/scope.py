"""The only way to get a site into a query.

A SiteScope exists only for a site that the caller may read; SQL is written from a scope, never
from a name that came with a request.
"""

from dataclasses import dataclass

from serving.control.sites import Site
from serving.errors import Forbidden, NotFound


@dataclass(frozen=True)
class Caller:
    """Who asks: a key is bound to one site, a signed-in page (None) sees all of them."""

    name: str
    only_site: str | None

    @property
    def is_page(self) -> bool:
        """Whether a browser's cookie vouches for the caller."""
        return self.only_site is None


@dataclass(frozen=True)
class SiteScope:
    """One site that the caller may read, and how its numbers are to be taken."""

    site_id: str
    timezone: str
    exclude_bots: bool


def check_may_read(caller: Caller, site_id: str) -> None:
    """Raise Forbidden if a key asks for another site than its own, there or not."""
    if caller.only_site is not None and caller.only_site != site_id:
        raise Forbidden("This key reads another site; make a key for the site you ask about.")


def site_scope(caller: Caller, site_id: str, site: Site | None) -> SiteScope:
    """Return the scope of a site, or raise Forbidden or NotFound."""
    check_may_read(caller, site_id)
    if site is None or site.site_id != site_id:
        raise NotFound("There is no such site. GET /api/v1/sites lists those that you can read.")
    return SiteScope(site.site_id, site.timezone, site.exclude_bots)


def readable(caller: Caller, sites: list[Site]) -> list[Site]:
    """Return the sites that a caller may read, in the order given."""
    return [site for site in sites if caller.only_site in (None, site.site_id)]
