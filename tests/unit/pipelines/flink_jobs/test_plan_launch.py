"""One launch, planned on a real lake in a folder and a broker that is made up."""

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest

from pipelines.flink_jobs import launches
from pipelines.flink_jobs.config import Config, load_config
from pipelines.flink_jobs.errors import RecordsLost
from pipelines.flink_jobs.kafka_state import Broker
from pipelines.flink_jobs.plan_launch import Planned, plan
from pipelines.flink_jobs.runner import FOLDER, STATE_TTL
from pipelines.flink_jobs.starts import Marks
from pipelines.flink_jobs.stateless import Sources
from pipelines.flink_jobs.versions import of_checkout
from pipelines.flink_jobs.where_to_start import Held, Place
from tests.unit.pipelines.flink_jobs.lake import append, at, new_lake
from tests.unit.pipelines.flink_jobs.test_config import WHOLE

DAY = 86_400_000
NOW = 20_000 * DAY
TABLES = (
    "events",
    "identities",
    "rejected_events",
    "recording_chunks",
    "dead_letters",
    "stream_progress",
    "sessions_closed",
    "session_progress",
    "friction_live",
)


@dataclass
class MadeUpBroker:
    """A broker by its answers; remembers whose transactions were aborted."""

    parts: dict[Place, Held] = field(default_factory=dict)
    passed_on: dict[Place, int] = field(default_factory=dict)
    aborted: list[str] = field(default_factory=list)

    def topic_ids(self, topics: Iterable[str]) -> dict[str, str]:
        return {topic: f"id-{topic}" for topic in topics}

    def held(self, topics: Iterable[str]) -> dict[Place, Held]:
        return {place: part for place, part in self.parts.items() if place[0] in set(topics)}

    def abort_transactions(self, prefix: str) -> list[str]:
        self.aborted.append(prefix)
        return []

    def committed_marks(self, topic: str, topics: Mapping[str, str]) -> Marks:
        return dict(self.passed_on)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    places = {
        "HEADWATER_HOME": str(tmp_path / "home"),
        "HEADWATER_CHECKPOINTS": (tmp_path / "c").as_uri(),
    }
    return load_config(WHOLE | places)


@pytest.fixture
def broker() -> MadeUpBroker:
    return MadeUpBroker({("events", 0): Held("id-events", 0, 101)})


@pytest.fixture
def sources(tmp_path: Path, broker: MadeUpBroker) -> Sources:
    lake = new_lake(tmp_path / "lake", *TABLES)
    return Sources(cast(Broker, broker), lake)


def write_up_to(sources: Sources, offset: int, job: Planned | None = None) -> None:
    """Let the tables hold what a job wrote: events and progress up to an offset."""
    flink = {"job_id": job.launch.job_id, "max_committed_checkpoint_id": "5"} if job else {}
    place = {"topic_id": "id-events", "topic_partition": 0, "topic_offset": offset}
    row = place | {"appended_at": at(NOW), "topic_name": "events", "event_at": at(NOW)}
    append(sources.iceberg, "events", [row], **flink)
    append(sources.iceberg, "stream_progress", [row], **flink)


def complete(config: Config, job: Planned, number: int) -> None:
    """Record the launch and put a completed checkpoint of it on disk."""
    launches.write(config.home, job.job.name, [job.launch])
    folder = Path(config.checkpoints.removeprefix("file://")) / job.launch.job_id
    (folder / f"chk-{number}").mkdir(parents=True)
    (folder / f"chk-{number}" / "_metadata").touch()


def test_the_first_start_reads_everything(config: Config, sources: Sources) -> None:
    planned = plan(config, sources, "collect_events")
    assert planned.launch.restored is None
    assert planned.launch.start.start_ms == 0
    assert "'scan.startup.timestamp-millis' = '0'" in planned.rendered.statements[1]
    assert planned.story[-1].endswith("from the beginning")


def test_a_start_without_state_goes_on_after_the_marks(
    config: Config, sources: Sources, broker: MadeUpBroker
) -> None:
    write_up_to(sources, 100)
    broker.passed_on[("events", 0)] = 90
    start = plan(config, sources, "collect_events").launch.start
    assert start.start_ms == NOW - DAY
    assert start.marks["events"] == {("events", 0): 100}
    assert start.marks["unique-events"] == {("events", 0): 90}
    assert broker.aborted == ["collect_events"]


def test_a_checkpoint_that_qualifies_is_restored(
    config: Config, sources: Sources, broker: MadeUpBroker
) -> None:
    first = plan(config, sources, "collect_events")
    write_up_to(sources, 100, first)
    complete(config, first, 5)
    again = plan(config, sources, "collect_events")
    assert again.launch.restored is not None
    assert again.launch.restored.number == 5
    assert again.launch.job_id != first.launch.job_id
    assert again.rendered.statements == first.rendered.statements  # same marks, same run
    assert broker.aborted == ["collect_events"]  # not again: its transactions are still needed


def test_an_older_checkpoint_is_refused_and_said_so(config: Config, sources: Sources) -> None:
    first = plan(config, sources, "collect_events")
    write_up_to(sources, 100, first)
    complete(config, first, 4)
    again = plan(config, sources, "collect_events")
    assert again.launch.restored is None
    assert "already holds checkpoint 5" in again.story[0]


def test_lost_records_stop_the_start(
    config: Config, sources: Sources, broker: MadeUpBroker
) -> None:
    write_up_to(sources, 100)
    broker.parts[("events", 0)] = Held("id-events", 150, 200)
    with pytest.raises(RecordsLost, match="offsets 101 to 149 .* --accept-loss"):
        plan(config, sources, "collect_events")
    launch = plan(config, sources, "collect_events", accept_loss=True).launch
    assert launch.lost == (
        "topic events, partition 0: offsets 101 to 149 were removed before they were read",
    )


def test_sessions_start_a_day_back_and_count_after_the_first_gap(
    config: Config, sources: Sources
) -> None:
    append(sources.iceberg, "sessions_closed", [{"ended_at": at(NOW), "started_at": at(NOW)}])
    start = plan(config, sources, "sessionize_events").launch.start
    assert start.start_ms == NOW - DAY
    assert start.complete_after_ms == NOW - DAY + 30 * 60_000


def test_a_checkpoint_older_than_its_state_is_kept_is_refused(
    config: Config, sources: Sources
) -> None:
    first = plan(config, sources, "sessionize_events")
    complete(config, first, 5)
    place = Path(config.checkpoints.removeprefix("file://")) / first.launch.job_id
    metadata, now, hour = place / "chk-5" / "_metadata", time.time(), 3_600
    os.utime(metadata, (now, now - hour // 2))
    assert plan(config, sources, "sessionize_events").launch.restored is not None
    os.utime(metadata, (now, now - 2 * hour))
    again = plan(config, sources, "sessionize_events")
    assert again.launch.restored is None
    assert "its state is kept" in again.story[0]


@pytest.mark.parametrize(("age_s", "is_restored"), [(20, True), (90, False)])
def test_a_folder_of_jobs_may_keep_state_for_minutes(
    config: Config, sources: Sources, age_s: int, is_restored: bool
) -> None:
    version = of_checkout("sessionize_events", FOLDER)
    settings = dict(version.job.settings) | {STATE_TTL: "2 min"}
    minutes = replace(version, job=replace(version.job, settings=settings))
    first = plan(config, sources, "sessionize_events", version=minutes)
    complete(config, first, 5)
    place = Path(config.checkpoints.removeprefix("file://")) / first.launch.job_id
    os.utime(place / "chk-5" / "_metadata", (time.time(), time.time() - age_s))
    again = plan(config, sources, "sessionize_events", version=minutes)
    assert (again.launch.restored is not None) is is_restored


def test_friction_starts_a_day_before_the_newest_of_its_own(
    config: Config, sources: Sources
) -> None:
    append(sources.iceberg, "sessions_closed", [{"ended_at": at(NOW), "started_at": at(NOW)}])
    rows = [{"event_at": at(NOW - DAY), "emitted_at": at(NOW)}, {"event_at": at(NOW - 2 * DAY)}]
    append(sources.iceberg, "friction_live", rows)
    start = plan(config, sources, "detect_friction").launch.start
    assert start.start_ms == NOW - 2 * DAY
    assert start.complete_after_ms == NOW - 2 * DAY + 30 * 60_000


def test_the_first_sessions_all_count(config: Config, sources: Sources) -> None:
    start = plan(config, sources, "sessionize_events").launch.start
    assert (start.start_ms, start.complete_after_ms) == (0, -1)
