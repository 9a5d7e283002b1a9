"""Who may import whom: the *never* column of the house style, for Python."""

from typing import Final

import pytest

from tests.lint.source import ROOMS, files, imports, named

# A room -> the rooms it may import. Everybody may import schemas; nobody imports the tests.
MAY_IMPORT: Final[dict[str, frozenset[str]]] = {
    "schemas": frozenset(),
    "ingest_edge": frozenset({"schemas", "pipelines.enrich", "pipelines.blobs"}),
    "pipelines.blobs": frozenset(),
    "pipelines.enrich": frozenset({"schemas"}),
    "pipelines.flink_jobs": frozenset({"schemas", "pipelines.catalog", "pipelines.lake"}),
    "pipelines.lake": frozenset({"schemas", "pipelines.catalog", "pipelines.blobs"}),
    "pipelines.batch": frozenset(
        {"schemas", "pipelines.catalog", "pipelines.lake", "pipelines.enrich"}
    ),
    "pipelines.catalog": frozenset({"schemas"}),
    "pipelines.topics": frozenset({"schemas", "pipelines.flink_jobs"}),
    "orchestration": frozenset(
        {
            "schemas",
            "pipelines.batch",
            "pipelines.blobs",
            "pipelines.lake",
            "pipelines.catalog",
            "serving.control",
            "serving.reports",
            "serving.config",
        }
    ),
    "serving": frozenset({"schemas"}),
    "infra": frozenset({"schemas", "pipelines.catalog"}),
    "cli": frozenset(
        {
            "schemas",
            "infra.local",
            "serving.control",
            "serving.reports",
            "serving.config",
            "serving.errors",
            "pipelines",
            "ingest_edge",
            "orchestration",
        }
    ),
}

# "<file> -> <module>" -> why.
EXCEPTIONS: Final[dict[str, str]] = {}

# Packages that belong to one place: PyFlink lives in an environment of its own, and so on.
ONLY_IN: Final[dict[str, tuple[str, ...]]] = {
    "pyflink": ("pipelines/flink_jobs/submit.py", "tests/"),
    "dagster": ("orchestration/", "tests/"),
    "great_expectations": ("orchestration/", "tests/"),
    "fastapi": ("serving/", "tests/"),
    "pydantic": ("serving/", "tests/"),
}


def _room(module: str) -> str:
    """Return the key of MAY_IMPORT that a module belongs to; the longest that fits."""
    fitting = [room for room in MAY_IMPORT if module == room or module.startswith(room + ".")]
    return max(fitting, key=len, default="")


def _is_ours(module: str) -> bool:
    return module.split(".")[0] in (*ROOMS, "tests")


def _allows(room: str, module: str) -> bool:
    allowed = MAY_IMPORT[room] | {room}
    return any(module == one or module.startswith(one + ".") for one in allowed)


def _breaches(room_files: str) -> set[str]:
    found = set()
    for path in files(".py", room_files):
        room = _room(named(path).removesuffix(".py").replace("/", "."))
        modules = {module for module in imports(path) if room and _is_ours(module)}
        # `from pipelines import catalog` names the package first, then the module meant.
        exact = {m for m in modules if not any(other.startswith(m + ".") for other in modules)}
        found |= {f"{named(path)} -> {m}" for m in exact if not _allows(room, m)}
    return found - set(EXCEPTIONS)


@pytest.mark.parametrize("folder", ROOMS)
def test_rooms_keep_to_themselves(folder: str) -> None:
    assert _breaches(folder) == set()


@pytest.mark.parametrize("package", ONLY_IN)
def test_packages_stay_in_their_place(package: str) -> None:
    places = ONLY_IN[package]
    found = {
        named(path)
        for path in files(".py")
        if any(module.split(".")[0] == package for module in imports(path))
    }
    assert {name for name in found if not name.startswith(places)} == set()


def test_a_breach_is_seen() -> None:
    assert not _allows("schemas", "serving.scope")
    assert not _allows("serving", "pipelines.lake.tables")
    assert _room("pipelines.flink_jobs.runner") == "pipelines.flink_jobs"


def test_schemas_needs_only_the_standard_library() -> None:
    import sys

    outside = {
        f"{named(path)} -> {module}"
        for path in files(".py", "schemas")
        for module in imports(path)
        if not _is_ours(module) and module.split(".")[0] not in sys.stdlib_module_names
    }
    assert outside == set()
