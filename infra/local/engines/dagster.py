"""Dagster: its definitions, its page, and the daemon that starts schedules and sensors.

The definitions are loaded by one server that the other two ask. Left to themselves both load them,
and the daemon does so again every minute: 4 s of CPU each time.
"""

from typing import Final

from infra.local.component import Component, Kind, Launch
from infra.local.config import CHECKOUT
from infra.local.environment import HOST, environment, postgres_url
from infra.local.home import Home
from infra.local.places import PYTHON
from infra.local.probes import answers_at_all, answers_http, answers_tcp

_MODULE: Final = "orchestration.definitions"


def dagster(home: Home) -> list[Component]:
    """Return Dagster's three processes."""
    url = environment(home.path)["HEADWATER_DAGSTER_URL"]
    port, code_port = home.ports()["dagster"], home.ports()["dagster_code"]
    code = ["dagster", "api", "grpc", "-h", HOST, "-p", str(code_port), "-m", _MODULE]
    workspace = ["-w", str(home.path / "dagster" / "workspace.yaml")]
    page = ["dagster-webserver", "-h", HOST, "-p", str(port), *workspace]
    return [
        Component(
            name="dagster-code",
            kind=Kind.PROCESS,
            needs=("postgres", "tables"),
            prepare=lambda: _prepare(home, code),
            is_ready=lambda: answers_tcp(code_port),
            module=_MODULE,
        ),
        Component(
            name="dagster",
            kind=Kind.PROCESS,
            needs=("dagster-code",),
            prepare=lambda: _prepare(home, page),
            is_ready=lambda: answers_http(f"{url}/server_info"),
            is_alive=lambda: answers_at_all(f"{url}/server_info"),
            url=url,
            module=_MODULE,
        ),
        Component(
            name="dagster-daemon",
            kind=Kind.PROCESS,
            needs=("dagster", "views"),
            prepare=lambda: _prepare(home, ["dagster-daemon", "run", *workspace]),
            module=_MODULE,
        ),
    ]


def _prepare(home: Home, words: list[str]) -> Launch:
    folder = home.path / "dagster"
    folder.mkdir(exist_ok=True)
    # TRICKY: SQLAlchemy 2.1 takes psycopg 3 unless told, and Dagster's NOTIFY fails with it.
    url = postgres_url(home, "dagster").replace("postgresql:", "postgresql+psycopg2:", 1)
    text = INSTANCE.format(url=url, folder=folder)
    (folder / "dagster.yaml").write_text(text, encoding="utf-8")
    workspace = _WORKSPACE.format(host=HOST, port=home.ports()["dagster_code"])
    (folder / "workspace.yaml").write_text(workspace, encoding="utf-8")
    script = PYTHON.with_name(words[0])
    return Launch([str(PYTHON), str(script), *words[1:]], folder=CHECKOUT)


_WORKSPACE: Final = """\
load_from:
  - grpc_server:
      host: {host}
      port: {port}
      location_name: orchestration.definitions
"""

INSTANCE: Final = """\
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
    tag_concurrency_limits:
      - key: headwater/rewrites
        limit: 1
    dequeue_interval_seconds: 1
retention:
  schedule:
    purge_after_days: 7
  sensor:
    purge_after_days:
      skipped: 1
      success: 7
"""
