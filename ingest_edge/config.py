"""Read the environment once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ingest_edge.errors import BadSetting
from ingest_edge.log.writer import Limits
from schemas.load import RULES

# A reverse proxy on the same machine is believed; others are named in HEADWATER_TRUSTED_PROXIES.
_LOOPBACK: Final = "127.0.0.0/8,::1/128"


@dataclass(frozen=True)
class Config:
    """Settings of one edge process."""

    home: Path
    host: str
    port: int
    is_replay: bool
    kafka_bootstrap: str
    postgres_url: str
    geo_v4: Path | None
    geo_v6: Path | None
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    header_aliases: Mapping[str, str] = field(default_factory=lambda: RULES.edge.header_aliases)
    delivery_timeout_ms: int = 15_000
    # 0: into the log at once; N: after N ms without the broker's acknowledgement; below 0: no log.
    log_after_ms: int = 0
    log_floor_bytes: int = RULES.delivery.log_floor_bytes
    recordings: str | None = None

    @property
    def recordings_address(self) -> str:
        """Where pieces of recordings are kept: file:///folder or s3://bucket/prefix."""
        return self.recordings or (self.home.absolute() / "recordings").as_uri()

    @property
    def key_file(self) -> Path:
        """Where keys and sites are kept for a start without Postgres."""
        return self.home / "edge" / "keys.json"

    @property
    def log_folder(self) -> Path:
        """Where events are kept until the broker has them; one edge each."""
        return self.home / "edge" / "log"

    @property
    def log_limits(self) -> Limits:
        """How the log is cut, and when it takes nothing more."""
        rules = RULES.delivery
        return Limits(
            segment_bytes=rules.log_segment_bytes,
            floor_bytes=self.log_floor_bytes,
            group_seconds=rules.log_group_ms / 1000,
            keep_seconds=rules.log_keep_seconds,
            segment_seconds=rules.log_segment_seconds,
        )

    @property
    def tracker_file(self) -> Path:
        """The built tracker."""
        return Path(__file__).parent / "tracker" / "dist" / "s.js"


def load_config(environ: Mapping[str, str] = os.environ) -> Config:
    """Return the settings; BadSetting names the variable that is missing or wrong."""
    url = urlsplit(_required(environ, "HEADWATER_EDGE_URL"))
    clock = environ.get("HEADWATER_CLOCK", "wall")
    if clock not in ("wall", "replay"):
        raise BadSetting(f"HEADWATER_CLOCK is {clock!r}: use wall or replay")
    if not url.hostname or not url.port:
        raise BadSetting(f"HEADWATER_EDGE_URL is {url.geturl()!r}: use http://HOST:PORT")
    return Config(
        home=Path(_required(environ, "HEADWATER_HOME")),
        host=url.hostname,
        port=url.port,
        is_replay=clock == "replay",
        kafka_bootstrap=_required(environ, "HEADWATER_KAFKA_BOOTSTRAP"),
        postgres_url=_required(environ, "HEADWATER_POSTGRES_URL"),
        geo_v4=_path(environ, "HEADWATER_GEO_V4"),
        geo_v6=_path(environ, "HEADWATER_GEO_V6"),
        trusted_proxies=_networks(environ.get("HEADWATER_TRUSTED_PROXIES", _LOOPBACK)),
        log_after_ms=_number(environ, "HEADWATER_EDGE_LOG_AFTER_MS", 0),
        log_floor_bytes=_number(
            environ, "HEADWATER_EDGE_LOG_FLOOR_BYTES", RULES.delivery.log_floor_bytes
        ),
        recordings=environ.get("HEADWATER_RECORDINGS") or None,
        header_aliases={
            **RULES.edge.header_aliases,
            **_aliases(environ.get("HEADWATER_HEADER_ALIASES", "")),
        },
    )


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name)
    if not value:
        raise BadSetting(f"{name} is not set: start the edge with `headwater up`, or set it")
    return value


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name)
    try:
        return int(value) if value else default
    except ValueError as error:
        raise BadSetting(f"{name} is {value!r}: use a whole number") from error


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    value = environ.get(name)
    return Path(value) if value else None


def _aliases(text: str) -> dict[str, str]:
    pairs = [item.partition("=") for item in text.split(",") if item.strip()]
    if not all(alias.strip() and meant.strip() for alias, _, meant in pairs):
        raise BadSetting(f"HEADWATER_HEADER_ALIASES is {text!r}: use X-Old-Name=X-API-Key,...")
    return {alias.strip(): meant.strip() for alias, _, meant in pairs}


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(item.strip()) for item in text.split(",") if item.strip())
    except ValueError as error:
        raise BadSetting(f"HEADWATER_TRUSTED_PROXIES: {error}: use 10.0.0.0/8,::1/128") from error
