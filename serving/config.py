"""Settings of the serving programs, read from the environment once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

_SMTP_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


class MissingSetting(Exception):
    """A variable that a program cannot start without is absent or wrong."""


@dataclass(frozen=True)
class Config:
    """What the API needs to know about its surroundings.

    `dashboard` is the built page and may be absent. Without `kafka_bootstrap` nothing is told live,
    without the folder `exports` no file is handed out.
    """

    host: str
    port: int
    public_url: str
    postgres_url: str
    trino_url: str
    dashboard: Path
    kafka_bootstrap: str = ""
    exports: Path | None = None

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Config":
        """Read all settings, or raise MissingSetting naming the variable."""
        url = _needed(env, "HEADWATER_SERVING_URL")
        address = urlsplit(url)
        if address.hostname is None or address.port is None:
            raise MissingSetting(f"HEADWATER_SERVING_URL has no host and port: {url!r}.")
        return cls(
            host=address.hostname,
            port=address.port,
            public_url=url.rstrip("/"),
            postgres_url=_needed(env, "HEADWATER_POSTGRES_URL"),
            trino_url=_needed(env, "HEADWATER_TRINO_URL"),
            dashboard=Path(__file__).parent / "dashboard" / "dist",
            kafka_bootstrap=env.get("HEADWATER_KAFKA_BOOTSTRAP", ""),
            exports=Path(folder) if (folder := env.get("HEADWATER_EXPORTS")) else None,
        )


@dataclass(frozen=True)
class MailServer:
    """Where reports are handed over: an SMTP server.

    `tls`: `starttls`, `tls` from the first byte, or `none`; certificates are always verified.
    Without `user` nobody signs in; the password is the content of `password_file`.
    """

    host: str
    port: int
    tls: str
    sender: str
    user: str = ""
    password_file: Path | None = None

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "MailServer":
        """Read HEADWATER_SMTP_*, or raise MissingSetting naming the variable and what to write."""
        host, sender = _mail(env, "HOST", "mail.example.com"), _mail(env, "FROM", "hw@example.com")
        tls = env.get("HEADWATER_SMTP_TLS") or "starttls"
        if tls not in _SMTP_PORTS:
            known = ", ".join(_SMTP_PORTS)
            raise MissingSetting(f"HEADWATER_SMTP_TLS is {tls!r}; use one of {known}.")
        port = env.get("HEADWATER_SMTP_PORT") or str(_SMTP_PORTS[tls])
        if not (port.isdecimal() and 0 < int(port) < 65_536):
            raise MissingSetting(f"HEADWATER_SMTP_PORT is {port!r}; use a number such as 587.")
        user, file = env.get("HEADWATER_SMTP_USER", ""), env.get("HEADWATER_SMTP_PASSWORD_FILE")
        if bool(user) != bool(file):
            raise MissingSetting(
                "HEADWATER_SMTP_USER and HEADWATER_SMTP_PASSWORD_FILE go together: set both, or"
                " neither for a server that asks for no sign-in."
            )
        if user and tls == "none" and host not in _LOOPBACK:
            raise MissingSetting(
                f"HEADWATER_SMTP_TLS is none: the password would travel readable to {host}."
                " Use starttls or tls."
            )
        return cls(host, int(port), tls, sender, user, Path(file) if file else None)


def load_mail_server() -> MailServer:
    """Read the process's own environment."""
    return MailServer.from_env(os.environ)


def load_config() -> Config:
    """Read the process's own environment."""
    return Config.from_env(os.environ)


def control_url() -> str:
    """Return where the control plane's Postgres is: all that the migration needs."""
    return _needed(os.environ, "HEADWATER_POSTGRES_URL")


def _needed(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise MissingSetting(f"{name} is not set; `headwater up` sets it for its programs.")
    return value


def _mail(env: Mapping[str, str], name: str, example: str) -> str:
    value = env.get(f"HEADWATER_SMTP_{name}", "")
    if not value:
        raise MissingSetting(
            f"HEADWATER_SMTP_{name} is not set, so no mail can be sent; set it, such as {example},"
            " and start Headwater again."
        )
    return value
