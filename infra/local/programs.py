"""Our own programs as components, and the whole graph of a home."""

from infra.local.component import Component, Kind, Launch
from infra.local.engines.dagster import dagster
from infra.local.engines.flink import jobmanager, taskmanager
from infra.local.engines.kafka import kafka
from infra.local.engines.postgres import postgres
from infra.local.engines.trino import trino
from infra.local.environment import environment
from infra.local.home import Home
from infra.local.places import PYTHON
from infra.local.probes import answers_at_all, answers_http


def components(home: Home) -> list[Component]:
    """Return everything that makes up one home, engines first."""
    return [*_engines(home), *_tasks(), *_servers(home), *dagster(home)]


def _engines(home: Home) -> list[Component]:
    return [postgres(home), kafka(home), jobmanager(home), taskmanager(home), trino(home)]


def _tasks() -> list[Component]:
    return [
        _task("control", "serving.control.migrate", "postgres"),
        _task("topics", "pipelines.topics", "kafka"),
        _task("tables", "pipelines.lake.tables", "postgres"),
        _task("views", "pipelines.lake.views", "trino", "tables"),
        _task(
            "jobs", "pipelines.flink_jobs.launch", "taskmanager", "jobmanager", "topics", "tables"
        ),
    ]


def _task(name: str, module: str, *needs: str) -> Component:
    launch = Launch([str(PYTHON), "-m", module])
    return Component(name, Kind.TASK, needs, lambda: launch, module=module)


def _servers(home: Home) -> list[Component]:
    settings = environment(home.path)
    return [
        _server("edge", "ingest_edge", settings["HEADWATER_EDGE_URL"], "topics", "control"),
        _server("serving", "serving", settings["HEADWATER_SERVING_URL"], "control", "views"),
    ]


def _server(name: str, package: str, url: str, *needs: str) -> Component:
    launch = Launch([str(PYTHON), "-m", package])
    return Component(
        name=name,
        kind=Kind.PROCESS,
        needs=needs,
        prepare=lambda: launch,
        is_ready=lambda: answers_http(f"{url}/ready"),
        is_alive=lambda: answers_at_all(f"{url}/health"),
        url=url,
        module=f"{package}.__main__",
    )
