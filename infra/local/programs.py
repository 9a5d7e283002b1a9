"""Our own programs as components, and the whole graph of a home."""

from typing import Final

from infra.local.component import Component, Kind, Launch
from infra.local.config import CHECKOUT
from infra.local.engines.flink import jobmanager, taskmanager
from infra.local.engines.kafka import kafka
from infra.local.engines.postgres import postgres
from infra.local.engines.trino import trino
from infra.local.environment import HOST, environment, postgres_url
from infra.local.home import Home
from infra.local.places import PYTHON
from infra.local.probes import answers_at_all, answers_http

_DEFINITIONS: Final = ("-m", "orchestration.definitions")


def components(home: Home) -> list[Component]:
    """Return everything that makes up one home, engines first."""
    return [*_engines(home), *_tasks(), *_servers(home), *_dagster(home)]


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
        is_alive=lambda: answers_at_all(f"{url}/ready"),
        url=url,
        module=f"{package}.__main__",
    )


def _dagster(home: Home) -> list[Component]:
    """Return Dagster's page and its daemon, which starts schedules and sensors."""
    url = environment(home.path)["HEADWATER_DAGSTER_URL"]
    port = str(home.ports()["dagster"])
    page = ["dagster-webserver", "-h", HOST, "-p", port, *_DEFINITIONS]
    return [
        Component(
            name="dagster",
            kind=Kind.PROCESS,
            needs=("postgres", "tables"),
            prepare=lambda: _prepare_dagster(home, page),
            is_ready=lambda: answers_http(f"{url}/server_info"),
            is_alive=lambda: answers_at_all(f"{url}/server_info"),
            url=url,
            module="orchestration.definitions",
        ),
        Component(
            name="dagster-daemon",
            kind=Kind.PROCESS,
            needs=("dagster", "views"),
            prepare=lambda: _prepare_dagster(home, ["dagster-daemon", "run", *_DEFINITIONS]),
            module="orchestration.definitions",
        ),
    ]


def _prepare_dagster(home: Home, words: list[str]) -> Launch:
    folder = home.path / "dagster"
    folder.mkdir(exist_ok=True)
    # TRICKY: SQLAlchemy 2.1 takes psycopg 3 unless told, and Dagster's NOTIFY fails with it.
    url = postgres_url(home, "dagster").replace("postgresql:", "postgresql+psycopg2:", 1)
    text = _DAGSTER.format(url=url, folder=folder)
    (folder / "dagster.yaml").write_text(text, encoding="utf-8")
    script = PYTHON.with_name(words[0])
    return Launch([str(PYTHON), str(script), *words[1:]], folder=CHECKOUT)


_DAGSTER: Final = """\
telemetry:
  enabled: false
storage:
  postgres:
    postgres_url: {url}
local_artifact_storage:
  module: dagster._core.storage.root
  class: LocalArtifactStorage
  config:
    base_dir: {folder}
compute_logs:
  module: dagster._core.storage.local_compute_log_manager
  class: LocalComputeLogManager
  config:
    base_dir: {folder}/logs
run_coordinator:
  module: dagster._core.run_coordinator
  class: QueuedRunCoordinator
  config:
    max_concurrent_runs: 2
    dequeue_interval_seconds: 1
retention:
  schedule:
    purge_after_days: 7
  sensor:
    purge_after_days:
      skipped: 1
      success: 7
"""
