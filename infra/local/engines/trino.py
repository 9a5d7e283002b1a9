"""Trino 476: one coordinator that works too, one catalog `lake`, access control on."""

from pathlib import Path
from string import Template
from typing import Final

from infra.local.component import Component, Kind, Launch
from infra.local.environment import HOST, environment
from infra.local.home import Home
from infra.local.places import cache_folder, java_home
from infra.local.probes import answers_at_all, read_json
from infra.local.resources import RESOURCES
from pipelines.catalog import Catalog

_RULES: Final = Path(__file__).parents[1] / "trino"


def trino(home: Home) -> Component:
    """Return the query engine of a home."""
    url = environment(home.path)["HEADWATER_TRINO_URL"]
    return Component(
        name="trino",
        kind=Kind.PROCESS,
        needs=("postgres",),
        prepare=lambda: _prepare(home),
        is_ready=lambda: (read_json(f"{url}/v1/info") or {}).get("starting") is False,
        is_alive=lambda: answers_at_all(f"{url}/v1/info"),
        url=f"{url}/ui/",
    )


def _prepare(home: Home) -> Launch:
    # Trino looks for some of its files in `etc` below the folder it runs in.
    etc = home.path / "trino" / "etc"
    (etc / "catalog").mkdir(parents=True, exist_ok=True)
    _write(etc / "config.properties", _settings(home))
    _write(etc / "log.properties", {"io.trino": "WARN", "org.apache.iceberg": "WARN"})
    catalog = Catalog.from_env(environment(home.path))
    _write(etc / "catalog" / "lake.properties", catalog.trino_properties())
    _write(etc / "access-control.properties", _files_of("access-control.name", etc / "rules.json"))
    groups = {"resource-groups.configuration-manager": "file"}
    _write(
        etc / "resource-groups.properties",
        groups | {"resource-groups.config-file": str(etc / "resource-groups.json")},
    )
    _fill(etc / "rules.json", {})
    plan = RESOURCES.trino
    limits = {"reader_queries": plan.reader_queries, "service_queries": plan.service_queries}
    _fill(etc / "resource-groups.json", limits)
    return Launch(_command(home, etc), folder=home.path / "trino")


def _settings(home: Home) -> dict[str, str]:
    port = home.ports()["trino"]
    return {
        "coordinator": "true",
        "node-scheduler.include-coordinator": "true",
        "http-server.http.port": str(port),
        "discovery.uri": f"http://{HOST}:{port}",
        "node.internal-address": HOST,
        "node.bind-ip": HOST,
        "query.max-memory": f"{RESOURCES.trino.query_memory_mb}MB",
        "query.max-memory-per-node": f"{RESOURCES.trino.query_memory_mb}MB",
        "query.max-history": str(RESOURCES.trino.query_history),
        "query.min-expire-age": f"{RESOURCES.trino.query_history_seconds}s",
        "task.info.max-age": f"{RESOURCES.trino.query_history_seconds}s",
        "regex-library": "RE2J",  # linear in what it reads: patterns come from people
        "web-ui.authentication.type": "fixed",
        "web-ui.user": "headwater",
    }


def _files_of(name_key: str, rules: Path) -> dict[str, str]:
    return {name_key: "file", "security.config-file": str(rules)}


def _command(home: Home, etc: Path) -> list[str]:
    server = cache_folder("trino")
    return [
        str(java_home("main") / "bin" / "java"),
        f"-Xmx{RESOURCES.trino.heap_mb}m",
        "-XX:+UseG1GC",
        "-XX:+ExitOnOutOfMemoryError",
        "-XX:+IgnoreUnrecognizedVMOptions",
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        "-Djdk.attach.allowAttachSelf=true",
        "-Duser.timezone=UTC",
        f"-Dconfig={etc / 'config.properties'}",
        f"-Dlog.levels-file={etc / 'log.properties'}",
        "-Dnode.id=local",
        "-Dnode.environment=local",
        f"-Dnode.data-dir={home.path / 'trino' / 'data'}",
        f"-Dplugin.dir={server / 'plugin'}",
        f"-Dcatalog.config-dir={etc / 'catalog'}",
        "-cp",
        f"{server / 'lib'}/*",
        "io.trino.server.TrinoServer",
    ]


def _write(path: Path, settings: dict[str, str]) -> None:
    path.write_text("".join(f"{k}={v}\n" for k, v in settings.items()), encoding="utf-8")
    path.chmod(0o600)  # the catalog's holds a password


def _fill(path: Path, values: dict[str, int]) -> None:
    text = (_RULES / path.name).read_text(encoding="utf-8")
    path.write_text(Template(text).substitute(values), encoding="utf-8")
