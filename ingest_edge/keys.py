"""Which key may write to which site: read from Postgres, kept in memory and in a file."""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingest_edge.errors import Forbidden, UnknownKey
from schemas.erased import erased_digest
from schemas.load import RULES
from schemas.loaders.edge_rules import ChannelRule, rules_of_site
from schemas.recording import RecordingSettings, recording_of

_COOKIELESS: Final = frozenset(RULES.privacy.cookieless_modes) - {"never"}
Row = Mapping[str, Any]
# A page's address, its referrer, the address of the landing page.
PageKey = tuple[str | None, str | None, str | None]

# A key that only reads (api) may make no request here at all, so it has no limit.
_USUAL: Final = {
    "pub": RULES.limits.pub_requests_per_minute,
    "sec": RULES.limits.sec_requests_per_minute,
}
_FIX: Final = "Use a write key of the site: `headwater keys create --site ID --kind pub`."


@dataclass(frozen=True)
class Site:
    """A tracked site, as far as the edge must know it."""

    site_id: str
    timezone: str
    allowed_hosts: frozenset[str]
    visitor_secret: bytes
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)
    channel_rules: tuple[ChannelRule, ...] = ()
    # Digests of whom the site has forgotten.
    erased: frozenset[bytes] = frozenset()
    # What fast.py made of pages; begun anew with each reading of the site.
    pages: dict[PageKey, bytes] = field(default_factory=dict, hash=False, compare=False, repr=False)

    @property
    def respects_dnt(self) -> bool:
        """Tell whether Do Not Track is honoured; it is unless the site says otherwise."""
        return self.settings.get("respect_dnt") is not False

    @property
    def cookieless(self) -> str | None:
        """Return when visitors get ids without a cookie: always, on_reject, or None for never."""
        mode = self.settings.get("cookieless")
        return mode if mode in _COOKIELESS else None

    @property
    def recording(self) -> RecordingSettings | None:
        """Return how the site records sessions, None if it does not."""
        return recording_of(self.settings)

    @property
    def is_paused(self) -> bool:
        """Tell whether the site's owner has switched taking events off."""
        return self.settings.get("is_paused") is True

    def has_erased(self, visitor_id: str | None, user_id: str | None) -> bool:
        """Tell whether the site has forgotten one of the two, and must not know them again."""
        if not self.erased:
            return False
        secret = self.visitor_secret
        return (
            visitor_id is not None and erased_digest(secret, "visitor", visitor_id) in self.erased
        ) or (user_id is not None and erased_digest(secret, "user", user_id) in self.erased)

    def owns(self, host: str) -> bool:
        """Tell whether the host is listed as the site's."""
        return is_listed(host, self.allowed_hosts)


@dataclass(frozen=True)
class Key:
    """A key's rights. `kind` is pub (browsers), sec (servers) or api (reads only)."""

    key_hash: bytes
    kind: str
    site: Site
    allowed_hosts: frozenset[str]
    expires_at: int | None
    requests_per_minute: int

    def allows(self, origin_host: str | None) -> bool:
        """Tell whether a page of that host may use the key; no Origin means no browser."""
        if origin_host is None:
            return True
        lists = (self.allowed_hosts, self.site.allowed_hosts)
        return all(not hosts or is_listed(origin_host, hosts) for hosts in lists)


@dataclass(frozen=True)
class KeyRing:
    """Every key that is not revoked, at one moment.

    It is whole, so that a key it does not hold is known to be none: made-up keys ask nobody.
    """

    keys: Mapping[bytes, Key] = field(default_factory=dict)
    known_hosts: frozenset[str] = frozenset()
    sites: Mapping[str, Site] = field(default_factory=dict)
    has_open_site: bool = False
    cookieless_zones: frozenset[str] = frozenset()
    # What beacon.py found out of keys and headers: good as long as the ring.
    senders: dict[tuple[object, ...], Any] = field(default_factory=dict, compare=False, repr=False)

    def find(self, text: str | None, now: int) -> Key:
        """Return the key of that text, or raise UnknownKey. `now` in epoch ms."""
        if not text:
            raise UnknownKey(("key", "no key was sent", _FIX), code="missing_key")
        digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
        key = self.keys.get(digest)
        if key is None or not hmac.compare_digest(key.key_hash, digest):
            raise UnknownKey(("key", "no such key, or it was revoked", _FIX))
        if key.expires_at is not None and key.expires_at <= now:
            raise UnknownKey(("key", "the key has expired", _FIX), code="expired_key")
        return key

    def page_key(self, site_id: str, origin_host: str | None, loc: str) -> Key:
        """Return what a page of the site may do without a key, or raise UnknownKey, Forbidden.

        Only a site that lists its hosts can be written to like this: elsewhere the Origin says
        nothing. `loc` is where the site was named.
        """
        site = self.sites.get(site_id)
        if site is None:
            raise UnknownKey(
                (loc, "no such site", "See `headwater sites list`."), code="unknown_site"
            )
        name = hashlib.sha256(b"page of " + site_id.encode()).digest()
        key = Key(name, "pub", site, frozenset(), None, _USUAL["pub"])
        if origin_host is None or not site.allowed_hosts or not key.allows(origin_host):
            fix = "Send a write key (X-API-Key), or from a page of a host that the site lists."
            raise Forbidden(
                ("headers.origin", f"{origin_host!r} is not a host of the site", fix),
                code="foreign_origin",
            )
        return key

    def knows_host(self, origin_host: str | None) -> bool:
        """Tell whether any site takes events from pages of that host (for preflights)."""
        return self.has_open_site or (
            origin_host is not None and is_listed(origin_host, self.known_hosts)
        )


def is_listed(host: str, hosts: frozenset[str]) -> bool:
    """Tell whether the host is in the list, or below a domain listed as `*.example.org`.

    `*.example.org` is every host below example.org at any depth, but not example.org itself.
    """
    if host in hosts:
        return True
    _, dot, parent = host.partition(".")
    while dot:
        if f"*.{parent}" in hosts:
            return True
        _, dot, parent = parent.partition(".")
    return False


def ring_of(sites: Iterable[Row], keys: Iterable[Row], erased: Iterable[Row] = ()) -> KeyRing:
    """Return the ring of rows read from the tables `sites`, `keys` and `erased_ids`."""
    digests: defaultdict[str, set[bytes]] = defaultdict(set)
    for row in erased:
        digests[row["site_id"]].add(bytes.fromhex(row["digest"]))
    known = {row["site_id"]: _site(row, frozenset(digests[row["site_id"]])) for row in sites}
    made = [_key(row, known[row["site_id"]]) for row in keys if row["site_id"] in known]
    return KeyRing(
        keys={key.key_hash: key for key in made},
        known_hosts=frozenset(host for key in made for host in _hosts(key)).union(
            *(site.allowed_hosts for site in known.values())
        ),
        sites=known,
        has_open_site=any(not _hosts(key) for key in made),
        cookieless_zones=frozenset(site.timezone for site in known.values() if site.cookieless),
    )


def _hosts(key: Key) -> frozenset[str]:
    return key.allowed_hosts or key.site.allowed_hosts


def _site(row: Row, erased: frozenset[bytes]) -> Site:
    settings = row["settings"] or {}
    return Site(
        site_id=row["site_id"],
        timezone=_timezone(row["timezone"]),
        allowed_hosts=frozenset(row["allowed_hosts"] or ()),
        visitor_secret=bytes.fromhex(row["visitor_secret"]),
        settings=settings,
        channel_rules=rules_of_site(settings.get("channel_rules")),
        erased=erased,
    )


def _timezone(name: str) -> str:
    """Return the zone, or UTC for one this machine does not know: events still count."""
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"


def _key(row: Row, site: Site) -> Key:
    return Key(
        key_hash=bytes.fromhex(row["key_hash"]),
        kind=row["kind"],
        site=site,
        allowed_hosts=frozenset(row["allowed_hosts"] or ()),
        expires_at=row["expires_at"],
        # A file written by an older edge does not know the column.
        requests_per_minute=row.get("requests_per_minute") or _USUAL.get(row["kind"], 0),
    )
