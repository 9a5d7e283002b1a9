"""Flink 2.1 of the PyFlink wheel: one JobManager, one TaskManager."""

from pathlib import Path
from typing import Final

from infra.local.component import Component, Kind, Launch
from infra.local.environment import HOST, environment
from infra.local.home import Home
from infra.local.places import cache_folder, pyflink_folder
from infra.local.probes import answers_at_all, answers_http, read_json
from infra.local.resources import RESOURCES

Settings = dict[str, str | int]
# By the jobs: they start side by side, but the jobs end first.
_USED: Final = ("kafka", "postgres")


def jobmanager(home: Home) -> Component:
    """Return Flink's coordinator, with its web page."""
    url = environment(home.path)["HEADWATER_FLINK_URL"]
    return Component(
        name="jobmanager",
        kind=Kind.PROCESS,
        needs=(),
        prepare=lambda: _prepare(home, "jobmanager"),
        is_ready=lambda: answers_http(f"{url}/overview"),
        is_alive=lambda: answers_at_all(f"{url}/overview"),
        ends_before=_USED,
        url=url,
    )


def taskmanager(home: Home) -> Component:
    """Return Flink's worker; ready when the JobManager counts its slots."""
    url = environment(home.path)["HEADWATER_FLINK_URL"]
    return Component(
        name="taskmanager",
        kind=Kind.PROCESS,
        needs=(),
        prepare=lambda: _prepare(home, "taskmanager"),
        is_ready=lambda: (read_json(f"{url}/overview") or {}).get("slots-total", 0) > 0,
        ends_before=("jobmanager", *_USED),
    )


def _prepare(home: Home, role: str) -> Launch:
    """Write Flink's folder of settings; both roles write the same."""
    etc = home.path / "etc" / "flink"
    _link_jars(etc / "lib")
    lines = [f"{key}: {value}" for key, value in _settings(home).items()]
    lines.append(f"env.java.opts.all: {_java_options()}")
    (etc / "config.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (etc / "log4j-console.properties").write_text(_LOGGING, encoding="utf-8")
    (etc / "log4j-cli.properties").write_text(_LOGGING, encoding="utf-8")
    (etc / "masters").write_text(f"{HOST}\n", encoding="utf-8")
    (etc / "workers").write_text(f"{HOST}\n", encoding="utf-8")
    script = pyflink_folder() / "bin" / f"{role}.sh"
    environment_of_scripts = {"FLINK_PID_DIR": str(home.run)}
    command = ["bash", str(script), "start-foreground"]
    return Launch(command, environment_of_scripts, folder=home.path / "tmp")


def _settings(home: Home) -> Settings:
    ports, tmp = home.ports(), home.path / "tmp" / "flink"
    tmp.mkdir(parents=True, exist_ok=True)
    settings: Settings = {
        "jobmanager.rpc.address": HOST,
        "jobmanager.rpc.port": ports["jobmanager_rpc"],
        "jobmanager.bind-host": HOST,
        "taskmanager.host": HOST,
        "taskmanager.bind-host": HOST,
        "rest.address": HOST,
        "rest.bind-address": HOST,
        "rest.port": ports["jobmanager_rest"],
        "blob.storage.directory": str(tmp),
        "io.tmp.dirs": str(tmp),
        "web.tmpdir": str(tmp),
        "web.submit.enable": "false",
        # A dead TaskManager is noticed in seconds, not in the 50 of a large cluster.
        "heartbeat.interval": 2000,
        "heartbeat.timeout": 12000,
        # It deploys jobs and counts checkpoints: the second compiler would cost more than it gives.
        "env.java.opts.jobmanager": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    }
    return settings | _sizes() | _state(home)


def _sizes() -> Settings:
    plan = RESOURCES.flink
    return {
        "jobmanager.memory.process.size": f"{plan.jobmanager_mb}m",
        "taskmanager.memory.task.heap.size": f"{plan.taskmanager_heap_mb}m",
        "taskmanager.memory.managed.size": f"{plan.taskmanager_managed_mb}m",
        "taskmanager.memory.network.min": f"{plan.taskmanager_network_mb}m",
        "taskmanager.memory.network.max": f"{plan.taskmanager_network_mb}m",
        "taskmanager.numberOfTaskSlots": plan.slots,
        "parallelism.default": plan.parallelism,
    }


def _state(home: Home) -> Settings:
    """Return what every job starts with; a job's own settings come on top."""
    return {
        "execution.checkpointing.dir": (home.path / "checkpoints").as_uri(),
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "execution.checkpointing.num-retained": 3,
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.initial-backoff": "1 s",
        "restart-strategy.exponential-delay.max-backoff": "30 s",
        "table.local-time-zone": "UTC",
        "classloader.check-leaked-classloader": "false",
    }


def _java_options() -> str:
    """Return the wheel's own line of `--add-opens`, without which Flink fails on Java 21."""
    text = (pyflink_folder() / "conf" / "config.yaml").read_text(encoding="utf-8")
    for line in text.splitlines():
        key, _, value = line.strip().partition(":")
        if key == "all":
            return f"{value.strip()} -XX:+ExitOnOutOfMemoryError"
    raise RuntimeError("the PyFlink wheel has no env.java.opts.all in conf/config.yaml")


def _link_jars(folder: Path) -> None:
    """Fill FLINK_LIB_DIR with links: `pipeline.jars` is not enough for the Hadoop classes."""
    folder.mkdir(parents=True, exist_ok=True)
    jars = [*(pyflink_folder() / "lib").glob("*.jar"), *cache_folder("flink").glob("*.jar")]
    wanted = {jar.name: jar for jar in jars}
    for old in folder.iterdir():
        if old.name not in wanted or old.resolve() != wanted[old.name].resolve():
            old.unlink(missing_ok=True)
    for name, jar in wanted.items():
        if not (folder / name).exists():
            (folder / name).symlink_to(jar)


_LOGGING: Final = """\
monitorInterval = 0
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = console
appender.console.name = console
appender.console.type = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %c{1} - %m%n
logger.kafka.name = org.apache.kafka
logger.kafka.level = WARN
logger.iceberg.name = org.apache.iceberg
logger.iceberg.level = WARN
logger.hadoop.name = org.apache.hadoop
logger.hadoop.level = ERROR
logger.checkpoints.name = org.apache.flink.runtime.checkpoint
logger.checkpoints.level = WARN
logger.tasks.name = org.apache.flink.runtime.taskmanager
logger.tasks.level = WARN
logger.pekko.name = org.apache.pekko
logger.pekko.level = WARN
"""
