"""Sites: who is tracked, in which zone, from which hosts."""

import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import psycopg.errors
from psycopg.rows import class_row

from schemas.load import RULES
from schemas.loaders.edge_rules import channel_rules
from schemas.loaders.strict import SchemaError
from schemas.recording import KEEP_DAYS, SETTING
from serving.control.database import Connection
from serving.control.errors import DuplicateSite, InvalidSite, UnknownSite

RETENTION_DAYS: Final = 1095  # product.md K1
_SLUG: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_HOST: Final = re.compile(
    r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
)
_ZONE: Final = re.compile(r"UTC|[A-Za-z]+(/[A-Za-z0-9_+-]+){1,2}")
_SELECT: Final = (
    "SELECT site_id, name, timezone, allowed_hosts, exclude_bots, retention_days, settings,"
    " created_at, updated_at FROM sites"
)


@dataclass(frozen=True)
class Site:
    """One tracked site, without its visitor secret.

    `retention_days` None keeps events for ever; empty `allowed_hosts` accepts any origin.
    """

    site_id: str
    name: str
    timezone: str
    allowed_hosts: list[str]
    exclude_bots: bool
    retention_days: int | None
    settings: dict[str, Any]
    created_at: datetime
    updated_at: datetime


def create_site(
    conn: Connection,
    site_id: str,
    *,
    name: str = "",
    timezone: str = "UTC",
    allowed_hosts: Iterable[str] = (),
    exclude_bots: bool = False,
    retention_days: int | None = RETENTION_DAYS,
    settings: dict[str, Any] | None = None,
) -> Site:
    """Register a site with a new visitor secret; tables need nothing more.

    Raises InvalidSite naming the field, or DuplicateSite.
    """
    row = [
        checked_slug(site_id),
        name.strip() or site_id,
        checked_zone(timezone),
        [checked_host(host) for host in allowed_hosts],
        exclude_bots,
        _checked_retention(retention_days),
        json.dumps(settings or {}),
        secrets.token_bytes(32),
    ]
    try:
        conn.execute(
            "INSERT INTO sites (site_id, name, timezone, allowed_hosts, exclude_bots,"
            " retention_days, settings, visitor_secret) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            row,
        )
    except psycopg.errors.UniqueViolation as error:
        raise DuplicateSite(
            f"The site {site_id!r} exists already.", "Choose another id or use that site."
        ) from error
    return get_site(conn, site_id)


def set_webhook_secret(conn: Connection, site_id: str, vendor: str, secret: str) -> None:
    """Set the secret that a vendor signs the site's webhooks with; an empty one ends them.

    Raises UnknownSite, or InvalidSite for a vendor whose signatures cannot be verified.
    """
    known = RULES.edge.webhooks.vendors
    if vendor not in known:
        raise InvalidSite("vendor", f"{vendor!r} is no vendor.", f"Use {', '.join(known)}.")
    get_site(conn, site_id)
    conn.execute(
        "UPDATE sites SET updated_at = now(), settings = jsonb_set(settings, '{webhooks}',"
        " coalesce(settings->'webhooks', '{}') || %s::jsonb) WHERE site_id = %s",
        [json.dumps({vendor: secret or None}), site_id],
    )


def list_sites(conn: Connection) -> list[Site]:
    """Return all sites by id."""
    with conn.cursor(row_factory=class_row(Site)) as cursor:
        return cursor.execute(_SELECT + " ORDER BY site_id").fetchall()


def get_site(conn: Connection, site_id: str) -> Site:
    """Return one site, or raise UnknownSite."""
    with conn.cursor(row_factory=class_row(Site)) as cursor:
        site = cursor.execute(_SELECT + " WHERE site_id = %s", [site_id]).fetchone()
    if site is None:
        raise UnknownSite(f"There is no site {site_id!r}.", "See `headwater sites list`.")
    return site


def pause_site(conn: Connection, site_id: str, *, is_paused: bool) -> Site:
    """Switch taking events off or on again, and return the site; raises UnknownSite.

    Edges follow within two seconds. What is sent to a paused site is answered with 200 and
    kept nowhere, so that no sender tries again.
    """
    return _put_setting(conn, site_id, "is_paused", is_paused)


def set_cookieless(conn: Connection, site_id: str, mode: str) -> Site:
    """Set when visitors get ids without a cookie, and return the site; raises UnknownSite.

    `mode` is one of those in rules/privacy.toml; another one raises InvalidSite.
    """
    if mode not in RULES.privacy.cookieless_modes:
        known = ", ".join(RULES.privacy.cookieless_modes)
        raise InvalidSite("cookieless", f"{mode!r} is not a mode.", f"Use one of {known}.")
    return _put_setting(conn, site_id, "cookieless", mode)


def set_channel_rules(conn: Connection, site_id: str, rules: list[dict[str, Any]]) -> Site:
    """Set the site's own rules of channels, none by an empty list, and return the site.

    They are asked before rules/channels.toml: by edges two seconds from now, for days gone by
    when these are restated. Raises UnknownSite, or InvalidSite naming the rule.
    """
    try:
        channel_rules(rules, "channels")
    except SchemaError as error:
        raise InvalidSite(
            "channel_rules", str(error), "Rules are written as in schemas/rules/channels.toml."
        ) from error
    return _put_setting(conn, site_id, "channel_rules", rules)


def set_recording(
    conn: Connection,
    site_id: str,
    *,
    is_on: bool,
    sample_percent: int | None = None,
    keep_days: int | None = None,
) -> Site:
    """Switch session recording on or off, and return the site; raises UnknownSite, InvalidSite.

    What is None stays as it was; edges follow within two seconds.
    """
    _check_between("sample_percent", sample_percent, 0, 100)
    _check_between("keep_days", keep_days, 1, KEEP_DAYS)
    given = {"is_on": is_on, "sample_percent": sample_percent, "keep_days": keep_days}
    before = get_site(conn, site_id).settings.get(SETTING)
    kept = before if isinstance(before, dict) else {}
    return _put_setting(
        conn, site_id, SETTING, kept | {k: v for k, v in given.items() if v is not None}
    )


def _check_between(field: str, value: int | None, least: int, most: int) -> None:
    if value is not None and not least <= value <= most:
        raise InvalidSite(field, f"{value} is too small or too large.", f"Use {least} to {most}.")


def _put_setting(conn: Connection, site_id: str, name: str, value: Any) -> Site:
    conn.execute(
        "UPDATE sites SET settings = settings || %s::jsonb, updated_at = now() WHERE site_id = %s",
        [json.dumps({name: value}), site_id],
    )
    return get_site(conn, site_id)


def checked_slug(site_id: str) -> str:
    """Return a slug unchanged, or raise InvalidSite."""
    if not _SLUG.fullmatch(site_id):
        raise InvalidSite(
            "site_id",
            f"{site_id!r} is not a site id.",
            "Use 1 to 63 of a-z, 0-9 and '-', not at the ends, such as 'my-shop'.",
        )
    return site_id


def checked_zone(timezone: str) -> str:
    """Return an IANA zone unchanged, or raise InvalidSite."""
    try:
        if not _ZONE.fullmatch(timezone):
            raise ValueError(timezone)
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidSite(
            "timezone",
            f"{timezone!r} is not a time zone.",
            "Use an IANA name such as 'Europe/Berlin' or 'UTC'.",
        ) from error
    return timezone


def checked_host(host: str) -> str:
    """Return a host in lower case, or raise InvalidSite; schemes, ports, paths are refused.

    `*.example.org` stands for every host below example.org; `*.org` is refused.
    """
    lowered = host.strip().lower()
    domain = lowered.removeprefix("*.")
    if not _HOST.fullmatch(domain) or (domain != lowered and "." not in domain):
        raise InvalidSite(
            "allowed_hosts",
            f"{host!r} is not a host name.",
            "Write only the host, such as 'www.example.com' or '*.example.com'.",
        )
    return lowered


def _checked_retention(days: int | None) -> int | None:
    if days is not None and not 1 <= days <= 36_500:
        raise InvalidSite(
            "retention_days", f"{days} is not a number of days.", "Use 1 to 36500, or keep."
        )
    return days
