"""Rules of the edge, one dataclass a file: channels, devices, bots, events, limits, money."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from schemas.loaders.strict import SchemaError, build

_LONGEST_PATTERN: Final = 200
SOURCE_CATEGORIES: Final = ("search", "social", "video", "shopping", "ai", "email")


@dataclass(frozen=True)
class ClickId:
    """A parameter that an ad platform adds to links, and what it says of the visit."""

    parameter: str
    source: str
    medium: str


@dataclass(frozen=True)
class ChannelRule:
    """A channel and the conditions that must all hold; one left empty always holds.

    `*_matches` are regular expressions over the whole lower-case value.
    """

    channel: str
    source: tuple[str, ...] = ()
    source_category: tuple[str, ...] = ()
    source_matches: str | None = None
    medium: tuple[str, ...] = ()
    medium_matches: str | None = None
    campaign_matches: str | None = None


def channel_rules(rules: Any, where: str) -> tuple[ChannelRule, ...]:
    """Return a site's own rules from a list of tables, or raise SchemaError naming the fault."""
    if not isinstance(rules, list):
        raise SchemaError(f"{where}: a list of rules is needed, got {type(rules).__name__}")
    found = []
    for number, rule in enumerate(rules, 1):
        if not isinstance(rule, dict):
            raise SchemaError(f"{where}[{number}]: a table is needed, got {type(rule).__name__}")
        found.append(_sound(build(ChannelRule, rule, f"{where}[{number}]"), f"{where}[{number}]"))
    return tuple(found)


def rules_of_site(setting: Any) -> tuple[ChannelRule, ...]:
    """Return a site's own rules; a setting that holds none is left out whole: events still count.

    Whoever sets them is told of what is wrong by `channel_rules`.
    """
    try:
        return channel_rules(setting or [], "settings.channel_rules")
    except SchemaError:
        return ()


def _sound(rule: ChannelRule, where: str) -> ChannelRule:
    conditions = {name: value for name, value in vars(rule).items() if name != "channel" and value}
    if not rule.channel or not conditions:
        raise SchemaError(f"{where}: a channel and at least one condition are needed")
    for name, value in conditions.items():
        if name.endswith("_matches"):
            _check_pattern(value, f"{where}: {name}")
    return rule


def _check_pattern(pattern: str, where: str) -> None:
    if len(pattern) > _LONGEST_PATTERN:
        raise SchemaError(f"{where}: longer than {_LONGEST_PATTERN} characters")
    try:
        re.compile(pattern)
    except re.error as error:
        raise SchemaError(f"{where}: {pattern!r} is no regular expression: {error}") from error


@dataclass(frozen=True)
class ChannelRules:
    """Where a visit came from (rules/channels.toml); `channels` in order, first fit wins."""

    direct_source: str
    direct_medium: str
    unset_medium: str
    organic_medium: str
    referral_medium: str
    fallback_channel: str
    payment_hosts: tuple[str, ...]
    click_ids: tuple[ClickId, ...]
    channels: tuple[ChannelRule, ...]


@dataclass(frozen=True)
class Source:
    """A line of rules/sources.csv: a host or utm_source, its plain name, its category."""

    host: str
    source: str
    category: str


@dataclass(frozen=True)
class DeviceRule:
    """A device class and the user agent tokens that give it away."""

    device: str
    tokens: tuple[str, ...]


@dataclass(frozen=True)
class DeviceRules:
    """What kind of device (rules/devices.toml); `devices` in order, first fit wins."""

    default_device: str
    unknown_device: str
    desktop_tokens: tuple[str, ...]
    touch_mac_max_width_px: int
    windows_11_platform_version: int
    android_platform: str
    hidden_brands: Mapping[str, str]
    devices: tuple[DeviceRule, ...]


@dataclass(frozen=True)
class BotReason:
    """A sign of a machine, seen in the user agent or named by `signal`, and its score."""

    reason: str
    score: int
    user_agent_matches: str | None = None
    signal: str | None = None


@dataclass(frozen=True)
class BotRules:
    """How machine-like a sender is (rules/bots.toml)."""

    threshold: int
    short_user_agent_length: int
    reasons: tuple[BotReason, ...]


@dataclass(frozen=True)
class EventRules:
    """What an event's name says of its session (rules/events.toml)."""

    name_max_length: int
    passive: tuple[str, ...]
    interactive: tuple[str, ...]
    moves: str
    conversions: tuple[str, ...]
    checkouts: tuple[str, ...]
    breakdown: Mapping[str, tuple[str, ...]]
    segment_names: Mapping[str, str]
    aliases: Mapping[str, str]


@dataclass(frozen=True)
class WebhookRules:
    """Payment webhooks: whose, how old, how large."""

    vendors: tuple[str, ...]
    tolerance_seconds: int
    max_bytes: int


@dataclass(frozen=True)
class EdgeRules:
    """What others send to the edge in their own words (rules/edge.toml)."""

    webhooks: WebhookRules
    header_aliases: Mapping[str, str]


@dataclass(frozen=True)
class LimitRules:
    """How much one sender may ask of the edge (rules/limits.toml)."""

    pub_requests_per_minute: int
    sec_requests_per_minute: int
    address_requests_per_minute: int
    body_seconds: int
    max_buckets: int


@dataclass(frozen=True)
class PrivacyRules:
    """When visitors get cookieless ids, and how long their salts live (rules/privacy.toml)."""

    cookieless_modes: tuple[str, ...]
    salt_ahead_days: int
    salt_kept_hours: int


@dataclass(frozen=True)
class RecordingRules:
    """How much of a visit is recorded, in pieces of which size (rules/recordings.toml)."""

    sample_percent: int
    snapshot_seconds: int
    max_seconds: int
    chunk_events: int
    chunk_bytes: int
    chunk_seconds: int
    mouse_ms: int
    scroll_ms: int
    waiting_max_bytes: int
    chunk_max_events: int
    chunk_max_bytes: int
    chunk_max_unpacked_bytes: int


@dataclass(frozen=True)
class Rates:
    """US dollars for one unit of each currency, from that day on."""

    since: date
    usd: Mapping[str, Decimal]


@dataclass(frozen=True)
class CurrencyRules:
    """Dated rates (rules/currencies.toml), oldest first."""

    base: str
    rates: tuple[Rates, ...]


def load_sources(path: Path) -> dict[str, Source]:
    """Return rules/sources.csv by host; a repeated host or unknown category raises SchemaError."""
    sources: dict[str, Source] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            source = Source(**row)
            if source.category not in SOURCE_CATEGORIES or source.host in sources:
                raise SchemaError(f"{path.name}: line {number}: {row}: repeated or odd category")
            sources[source.host] = source
    return sources
