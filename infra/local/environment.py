"""The settings that every program of a home is started with (read by each program's config.py)."""

from pathlib import Path
from typing import Final

from infra.local.config import load_config
from infra.local.home import Home
from infra.local.places import FLINK_PYTHON, geo_file, java_home, pyflink_folder

HOST: Final = "127.0.0.1"


def environment(home: Path) -> dict[str, str]:
    """Return HEADWATER_* and the variables of Flink's launcher for this home.

    Chooses ports and secrets at the first call for a home and returns the same ever after.
    """
    place = Home(home)
    chosen = load_config().edge_settings
    return _addresses(place) | _files(place) | _flink(place) | dict(chosen) | dict(_SILENT)


# No component reports anything to anybody.
_SILENT: Final = (
    ("DAGSTER_DISABLE_TELEMETRY", "yes"),
    ("GX_ANALYTICS_ENABLED", "false"),
    ("DO_NOT_TRACK", "1"),
)


def postgres_url(home: Home, database: str) -> str:
    """Return the address of one of the databases headwater, lake_catalog, dagster."""
    password, port = home.secrets()["postgres"], home.ports()["postgres"]
    return f"postgresql://headwater:{password}@{HOST}:{port}/{database}"


def _addresses(home: Home) -> dict[str, str]:
    ports = home.ports()
    return {
        "HEADWATER_HOME": str(home.path),
        "HEADWATER_CLOCK": home.clock(load_config().clock),
        "HEADWATER_KAFKA_BOOTSTRAP": f"{HOST}:{ports['kafka']}",
        "HEADWATER_POSTGRES_URL": postgres_url(home, "headwater"),
        "HEADWATER_CATALOG_URL": postgres_url(home, "lake_catalog"),
        "HEADWATER_TRINO_URL": f"http://{HOST}:{ports['trino']}",
        "HEADWATER_FLINK_URL": f"http://{HOST}:{ports['jobmanager_rest']}",
        "HEADWATER_EDGE_URL": f"http://{HOST}:{ports['edge']}",
        "HEADWATER_SERVING_URL": f"http://{HOST}:{ports['serving']}",
        "HEADWATER_DAGSTER_URL": f"http://{HOST}:{ports['dagster']}",
        "HEADWATER_SECRET": home.secrets()["cookies"],
    }


def _files(home: Home) -> dict[str, str]:
    return {
        "HEADWATER_WAREHOUSE": (home.path / "warehouse").as_uri(),
        "HEADWATER_CHECKPOINTS": (home.path / "checkpoints").as_uri(),
        "HEADWATER_RECORDINGS": (home.path / "recordings").as_uri(),
        "HEADWATER_EXPORTS": str(home.path / "exports"),
        "HEADWATER_GEO_V4": str(geo_file("ipv4")),
        "HEADWATER_GEO_V6": str(geo_file("ipv6")),
        "DAGSTER_HOME": str(home.path / "dagster"),
    }


def _flink(home: Home) -> dict[str, str]:
    """Return what PyFlink and Flink's scripts need.

    TRICKY: without FLINK_HOME, PyFlink overwrites FLINK_LIB_DIR with the wheel's own folder and
    every connector is "not found".
    """
    wheel = pyflink_folder()
    return {
        "HEADWATER_FLINK_PYTHON": str(FLINK_PYTHON),
        "JAVA_HOME": str(java_home("flink")),
        "FLINK_HOME": str(wheel),
        "FLINK_LIB_DIR": str(home.path / "etc" / "flink" / "lib"),
        "FLINK_OPT_DIR": str(wheel / "opt"),
        "FLINK_PLUGINS_DIR": str(wheel / "plugins"),
        "FLINK_CONF_DIR": str(home.path / "etc" / "flink"),
        "FLINK_LOG_DIR": str(home.path / "logs"),
    }
