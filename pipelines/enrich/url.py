"""Take an address apart: host, path, query, campaign parameters, ad click id."""

from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from schemas.load import RULES

_CLICK_IDS: Final = tuple(rule.parameter for rule in RULES.channels.click_ids)
# Parameters read; each page has few and a hostile one may have thousands.
_MAX_PARAMETERS: Final = 100
_CACHED: Final = 4_096


class Page(NamedTuple):
    """What a page's address says. All None for an address that is none."""

    host: str | None = None
    path: str | None = None
    search: str | None = None
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    utm_term: str | None = None
    utm_content: str | None = None
    click_id_kind: str | None = None
    click_id: str | None = None


NO_PAGE: Final = Page()


@lru_cache(_CACHED)
def page_of(url: str) -> Page:
    """Return the parts of a page's address; host in lower case without port.

    `search` starts with its question mark, as in the browser; None when there is no query.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return NO_PAGE
    search = f"?{parts.query}" if parts.query else None
    path = parts.path or ("/" if host else None)
    if not search:
        return Page(host, path)
    query = _parameters(parts.query)
    kind = next((name for name in _CLICK_IDS if query.get(name)), None)
    return Page(
        host, path, search,
        query.get("utm_source"), query.get("utm_medium"), query.get("utm_campaign"),
        query.get("utm_term"), query.get("utm_content"),
        kind, query[kind] if kind else None,
    )  # fmt: skip


@lru_cache(_CACHED)
def host_of(url: str) -> str | None:
    """Return the host of an address: lower case, no port; None if it has none."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _parameters(query: str) -> dict[str, str]:
    """Return the first value of each parameter; empty ones are left out."""
    try:
        pairs = parse_qsl(query, max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        pairs = parse_qsl("&".join(query.split("&", _MAX_PARAMETERS)[:_MAX_PARAMETERS]))
    return dict(reversed(pairs))
