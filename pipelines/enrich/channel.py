"""Decide where a visit came from: source, medium, campaign, channel (rules/channels.toml)."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from pipelines.enrich.url import host_of
from schemas.load import RULES, SOURCES
from schemas.loaders.edge_rules import ChannelRule, Source

_RULES: Final = RULES.channels
_CLICK_IDS: Final = {rule.parameter: rule for rule in _RULES.click_ids}
_PAYMENT_HOSTS: Final = frozenset(_RULES.payment_hosts)
# In `co.uk` or `com.br` the first label is no longer than this.
_MAX_SECOND_LEVEL: Final = 3


class Origin(NamedTuple):
    """Where a visit came from; the columns of the same names."""

    source: str
    medium: str
    campaign: str | None
    channel: str


@lru_cache(16_384)
def origin_of(
    utm_source: str | None,
    utm_medium: str | None,
    utm_campaign: str | None,
    click_id_kind: str | None,
    referrer_host: str | None,
    site_rules: tuple[ChannelRule, ...] = (),
) -> Origin:
    """Return the origin of a visit from what its first page and referrer say.

    `referrer_host` is None for the site's own hosts and payment providers. A site's own rules
    are asked before the default ones; first fit wins.
    """
    source, medium = _source_and_medium(utm_source, utm_medium, click_id_kind, referrer_host)
    channel = channel_of(source, medium, utm_campaign, site_rules)
    return Origin(source, medium, utm_campaign, channel)


def channel_of(
    source: str, medium: str, campaign: str | None, site_rules: tuple[ChannelRule, ...] = ()
) -> str:
    """Return the channel of an origin: the first of the site's rules that fits, then of all."""
    found = known_source(source)
    category = found.category if found else None
    for rule in (*site_rules, *_RULES.channels):
        if _fits(rule, source, category, medium, (campaign or "").lower()):
            return rule.channel
    return _RULES.fallback_channel


@lru_cache(16_384)
def known_source(name: str) -> Source | None:
    """Return the list's line for a host or utm_source: the longest fitting name, else None."""
    labels = name.lower().split(".")
    for start in range(len(labels)):
        rest = labels[start:]
        found = SOURCES.get(".".join(rest)) or _under_any_country(rest)
        if found is not None:
            return found
    return None


def _under_any_country(labels: list[str]) -> Source | None:
    """Return the line `name.*` that fits: what follows the name is `com`, `de`, `co.uk`."""
    is_two = len(labels) > 1 and len(labels[-1]) == 2 and len(labels[-2]) <= _MAX_SECOND_LEVEL
    suffixes = (1, 2) if is_two else (1,)
    for length in suffixes:
        if length < len(labels) and (found := SOURCES.get(".".join(labels[:-length]) + ".*")):
            return found
    return None


@lru_cache(4_096)
def referrer_host(url: str) -> str | None:
    """Return the host of a referrer; None for none and for payment providers."""
    host = host_of(url)
    return None if host is None or is_payment_host(host) else host


def is_payment_host(host: str) -> bool:
    """Tell whether visitors go through this host to pay."""
    labels = host.split(".")
    return any(".".join(labels[start:]) in _PAYMENT_HOSTS for start in range(len(labels)))


def _source_and_medium(
    utm_source: str | None, utm_medium: str | None, click_id_kind: str | None, host: str | None
) -> tuple[str, str]:
    click = _CLICK_IDS.get(click_id_kind or "")
    if utm_source:
        fallback = click.medium if click else _RULES.unset_medium
        return utm_source.lower(), (utm_medium or fallback).lower()
    if click:
        return click.source, (utm_medium or click.medium).lower()
    if host:
        found = known_source(host)
        is_search = found is not None and found.category == "search"
        medium = _RULES.organic_medium if is_search else _RULES.referral_medium
        return (found.source if found else host.removeprefix("www.")), (
            utm_medium.lower() if utm_medium else medium
        )
    return _RULES.direct_source, (utm_medium or _RULES.direct_medium).lower()


def _fits(rule: ChannelRule, source: str, category: str | None, medium: str, campaign: str) -> bool:
    return (
        (not rule.source or source in rule.source)
        and (not rule.source_category or category in rule.source_category)
        and (not rule.medium or medium in rule.medium)
        and _matches(rule.source_matches, source)
        and _matches(rule.medium_matches, medium)
        and _matches(rule.campaign_matches, campaign)
    )


def _matches(pattern: str | None, value: str) -> bool:
    return pattern is None or re.fullmatch(pattern, value) is not None
