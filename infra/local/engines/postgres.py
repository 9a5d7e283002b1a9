"""Postgres 18 of the wheel: databases headwater, lake_catalog, dagster."""

import os
import shutil
import signal
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

import psycopg

from infra.local.component import Component, Kind, Launch
from infra.local.environment import HOST, postgres_url
from infra.local.home import Home
from infra.local.places import postgres_folder
from infra.local.probes import answers_tcp
from infra.local.resources import RESOURCES

DATABASES: Final = ("headwater", "lake_catalog", "dagster")
_OTHER_ID: Final = "65534"
# What root may use where no user namespace is to be had: a place the other user can reach.
_REACHABLE: Final = Path("/var/tmp/headwater-postgres")  # noqa: S108


def postgres(home: Home) -> Component:
    """Return the database server of a home."""
    return Component(
        name="postgres",
        kind=Kind.PROCESS,
        needs=(),
        prepare=lambda: _prepare(home),
        is_ready=lambda: _is_ready(home),
        is_alive=lambda: answers_tcp(home.ports()["postgres"]),
        after_ready=lambda: _create_databases(home),
        url=f"postgresql://{HOST}:{home.ports()['postgres']}/",
        stop_signal=signal.SIGINT,  # "fast": ends sessions, keeps everything committed
    )


def _prepare(home: Home) -> Launch:
    data = _data_folder(home)
    if not (data / "PG_VERSION").exists():
        _initialise(home, data)
    # The home's lock is held and what ran here was ended: a pid file now is a dead server's.
    (data / "postmaster.pid").unlink(missing_ok=True)
    settings = _settings(home, data)
    options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    command = [*_as_somebody(), str(_binary("postgres")), "-D", str(data), *options]
    return Launch(command, folder=data.parent)


def _settings(home: Home, data: Path) -> dict[str, str | int]:
    plan = RESOURCES.postgres
    return {
        "listen_addresses": HOST,
        "port": home.ports()["postgres"],
        "unix_socket_directories": "",
        "max_connections": plan.max_connections,
        "shared_buffers": f"{plan.shared_buffers_mb}MB",
        "timezone": "UTC",
        "hba_file": str(data / "pg_hba.conf"),
        "log_min_messages": "warning",
        # Its log of changes ends an hour later, not when a small home has filled it once more.
        "wal_recycle": "off",
        "archive_timeout": 3600,
    }


def _initialise(home: Home, data: Path) -> None:
    """Run initdb into a draft folder, so that a killed one leaves nothing half made."""
    draft = data.with_name(data.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.parent.mkdir(parents=True, exist_ok=True)
    password = draft.with_suffix(".password")
    password.touch(mode=0o600)
    password.write_text(home.secrets()["postgres"], encoding="utf-8")
    _give_away(draft.parent, password)
    words = [
        "-D",
        str(draft),
        "-U",
        "headwater",
        "-E",
        "UTF8",
        "--locale=C",
        "--auth=scram-sha-256",
    ]
    command = [*_as_somebody(), str(_binary("initdb")), *words, f"--pwfile={password}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=draft.parent)
    password.unlink()
    if done.returncode:
        raise RuntimeError(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")
    draft.rename(data)


def _is_ready(home: Home) -> bool:
    try:
        with psycopg.connect(postgres_url(home, "postgres"), connect_timeout=2):
            return True
    except psycopg.Error:
        return False


def _create_databases(home: Home) -> None:
    with psycopg.connect(postgres_url(home, "postgres"), autocommit=True) as connection:
        rows = connection.execute("SELECT datname FROM pg_database").fetchall()
        for name in set(DATABASES) - {row[0] for row in rows}:
            connection.execute(
                psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name))
            )


# Postgres refuses to run as root. A user namespace in which root has another number is enough
# and leaves all files root's; where none is allowed, `nobody` runs a copy in a reachable place.


@cache
def _as_somebody() -> tuple[str, ...]:
    """Return the words before a command that make it run as somebody else than root."""
    if os.geteuid() != 0:
        return ()
    if _has_namespaces():
        return ("unshare", "--user", "--map-user=1000")
    return ("setpriv", f"--reuid={_OTHER_ID}", f"--regid={_OTHER_ID}", "--clear-groups")


@cache
def _has_namespaces() -> bool:
    try:
        words = ["unshare", "--user", "--map-user=1000", "true"]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def _is_given_away() -> bool:
    return os.geteuid() == 0 and not _has_namespaces()


def _binary(name: str) -> Path:
    if not _is_given_away():
        return postgres_folder() / "bin" / name
    original = postgres_folder()
    copy = _REACHABLE / "wheel" / original.parent.name / original.name
    if not copy.exists():
        _copy_wheel(original, _REACHABLE)
    return copy / "bin" / name


def _copy_wheel(original: Path, target: Path) -> None:
    """Copy the programs with the libraries that the wheel keeps beside its package."""
    draft = target / f"wheel.{os.getpid()}"
    package = original.parent
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(original, draft / package.name / original.name, symlinks=True)
    shutil.copytree(libraries, draft / libraries.name)
    for folder in (target, draft):
        folder.chmod(0o755)
    draft.rename(target / "wheel")


def _data_folder(home: Home) -> Path:
    if not _is_given_away():
        return home.path / "postgres"
    return _REACHABLE / str(home.path).strip("/").replace("/", "-")


def _give_away(*paths: Path) -> None:
    if _is_given_away():
        for path in paths:
            os.chown(path, int(_OTHER_ID), int(_OTHER_ID))
