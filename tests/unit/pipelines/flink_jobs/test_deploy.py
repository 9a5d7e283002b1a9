"""Deployments on a made-up Flink: forward, not at all, and back."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest

from pipelines.flink_jobs import launches, versions
from pipelines.flink_jobs.config import Config, load_config
from pipelines.flink_jobs.deploy import Deployer
from pipelines.flink_jobs.deploy_plan import Deployment, look
from pipelines.flink_jobs.errors import BadJob, NotDeployed, SubmissionFailed
from pipelines.flink_jobs.kafka_state import Broker
from pipelines.flink_jobs.launch import launch
from pipelines.flink_jobs.plan_launch import version_to_start
from pipelines.flink_jobs.runner import FOLDER
from pipelines.flink_jobs.stateless import Sources
from pipelines.flink_jobs.submission import PyFlink
from tests.unit.pipelines.flink_jobs.lake import append, at, new_lake
from tests.unit.pipelines.flink_jobs.made_up_flink import (
    MadeUpFlink,
    made_up_flink,
    pyflink_python,
)
from tests.unit.pipelines.flink_jobs.test_config import WHOLE
from tests.unit.pipelines.flink_jobs.test_plan_launch import MadeUpBroker

JOB = "detect_friction"
NOW = 20_000 * 86_400_000


@dataclass
class Home:
    """A home of one job, with a Flink that is made up."""

    config: Config
    sources: Sources
    flink: MadeUpFlink
    pyflink: PyFlink
    said: list[str]

    def change(self, file: str, before: str, after: str) -> None:
        path = self.config.jobs / JOB / file
        text = path.read_text("utf-8")
        assert before in text
        path.write_text(text.replace(before, after), "utf-8")

    def start(self) -> None:
        """Start what the checkout holds, as the launcher does."""
        from pipelines.flink_jobs.launch import start
        from pipelines.flink_jobs.plan_launch import plan

        start(self.config, self.pyflink, [plan(self.config, self.sources, JOB)])

    def look(self) -> Deployment:
        return look(self.config, self.sources, JOB)

    @property
    def deployer(self) -> Deployer:
        return Deployer(self.config, self.sources, self.pyflink, self.said.append, 5)

    def deploy(self) -> str:
        one = self.look()
        self.deployer.check([one])
        return self.deployer.deploy(one)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    jobs = tmp_path / "jobs"
    shutil.copytree(FOLDER / JOB, jobs / JOB)
    shutil.copy(FOLDER / "unique_events.sql", jobs)
    lake = new_lake(tmp_path / "lake", "friction_live")
    append(lake, "friction_live", [{"event_at": at(NOW)}])
    with made_up_flink() as flink:
        places = {
            "HEADWATER_HOME": str(tmp_path / "home"),
            "HEADWATER_CHECKPOINTS": "s3://c",
            "HEADWATER_JOBS": str(jobs),
            "HEADWATER_FLINK_URL": flink.url,
            "HEADWATER_FLINK_PYTHON": pyflink_python(tmp_path),
        }
        config = load_config(WHOLE | places)
        sources = Sources(cast(Broker, MadeUpBroker()), lake)
        with PyFlink(config) as pyflink:
            yield Home(config, sources, flink, pyflink, [])


def test_unchanged_is_nothing_to_do(home: Home) -> None:
    home.start()
    one = home.look()
    assert not one.is_needed
    assert "nothing to do" in one.lines()[0]


def test_a_setting_goes_on_from_the_savepoint(home: Home) -> None:
    home.start()
    home.change("job.toml", "local      = 10", "local      = 5")
    plan = "\n".join(home.look().lines())
    assert "commits every (s) local: 10 -> 5" in plan
    assert "state: compatible" in plan
    assert "start: a savepoint taken now" in plan
    job_id = home.deploy()
    old, new = home.flink.jobs.values()
    assert (old.state, new.job_id) == ("FINISHED", job_id)
    restored = f"s3://c/{old.job_id}/savepoint-1"
    assert new.settings["execution.state-recovery.path"] == restored
    assert launches.read(home.config.home, JOB)[-1].restored is not None
    assert not home.look().is_needed


def test_other_sql_starts_by_offsets(home: Home) -> None:
    home.start()
    home.change("job.sql", "INSERT INTO", "/* another */ CREATE VIEW v AS SELECT 1; INSERT INTO")
    plan = "\n".join(home.look().lines())
    assert "state: not compatible" in plan
    assert "because the SQL changed" in plan
    assert "by offsets, records from 2024-10-03" in plan
    home.deploy()
    new = home.flink.running[0]
    assert "execution.state-recovery.path" not in new.settings


def test_what_flink_cannot_plan_stops_nothing(home: Home) -> None:
    home.start()
    home.change("job.sql", "INSERT INTO", "CREATE VIEW refused AS SELECT REFUSED; INSERT INTO")
    with pytest.raises(SubmissionFailed, match="no such column"):
        home.deploy()
    assert len(home.flink.running) == len(home.flink.jobs) == 1


def test_a_wrong_job_file_stops_nothing(home: Home) -> None:
    home.start()
    home.change("job.toml", "parallelism = 1", "parallel = 1")
    with pytest.raises(BadJob, match="unknown key 'parallel'"):
        home.look()
    assert len(home.flink.running) == 1


def test_too_many_tasks_stop_nothing(home: Home) -> None:
    home.start()
    home.change("job.toml", "parallelism = 1", "parallelism = 9")
    with pytest.raises(NotDeployed, match="asks for 9 slots and 1 are free"):
        home.deploy()
    assert len(home.flink.running) == 1


def test_a_version_that_fails_at_once_is_taken_back_to_the_savepoint(home: Home) -> None:
    home.start()
    home.change("job.sql", "INSERT INTO", "CREATE VIEW v AS SELECT BROKEN; INSERT INTO")
    with pytest.raises(NotDeployed, match=r"/ by zero\. Version \w+ runs again, from its save"):
        home.deploy()
    old, broken, again = home.flink.jobs.values()
    assert (broken.state, again.state) == ("CANCELED", "RUNNING")
    assert "BROKEN" not in again.sql
    path = again.settings["execution.state-recovery.path"]
    assert path == f"s3://c/{old.job_id}/savepoint-1"


def test_a_version_that_may_have_committed_is_taken_back_by_offsets(home: Home) -> None:
    home.start()
    home.change("job.sql", "INSERT INTO", "CREATE VIEW v AS SELECT LATE_FAULT; INSERT INTO")
    with pytest.raises(NotDeployed, match="runs again, by offsets"):
        home.deploy()
    again = home.flink.running[0]
    assert "LATE_FAULT" not in again.sql
    assert "execution.state-recovery.path" not in again.settings


def test_what_was_taken_back_is_not_started_again_but_on_request(home: Home) -> None:
    home.start()
    good = home.look().after.version_id
    home.change("job.sql", "INSERT INTO", "CREATE VIEW v AS SELECT BROKEN; INSERT INTO")
    with pytest.raises(NotDeployed):
        home.deploy()
    version, told = version_to_start(home.config, JOB)
    assert version.version_id == good
    assert "was taken back" in told[0]
    # The one who mends it makes another version; that one is due at once.
    home.change("job.sql", "SELECT BROKEN", "SELECT MENDED")
    assert version_to_start(home.config, JOB)[1] == ()
    home.deploy()
    assert "MENDED" in home.flink.running[0].sql


def test_a_version_that_gets_well_is_no_longer_refused(home: Home) -> None:
    home.start()
    home.change("job.toml", "local      = 10", "local      = 5")
    version_id = home.look().after.version_id
    versions.refuse(home.config.home, JOB, version_id)
    home.deploy()
    assert versions.refused(home.config.home, JOB) == []


def test_a_job_that_cannot_take_a_savepoint_is_stopped_without(home: Home) -> None:
    home.start()
    home.flink.can_take_savepoints = False
    home.change("job.toml", "local      = 10", "local      = 5")
    home.deploy()
    assert any("no savepoint (Fault: no disk)" in line for line in home.said)
    old, new = home.flink.jobs.values()
    assert (old.state, new.state) == ("CANCELED", "RUNNING")


def test_a_job_that_does_not_run_is_started(home: Home) -> None:
    one = home.look()
    assert "it does not run: nothing to stop" in "\n".join(one.lines())
    home.deployer.deploy(one)
    assert len(home.flink.running) == 1


def test_the_launcher_leaves_alone_what_runs(home: Home) -> None:
    home.start()
    (line,) = launch(replace(home.config), [JOB])
    assert "runs as" in line
