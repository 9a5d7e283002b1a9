"""A whole home forgets a person: killed at its steps, replayed, past the dates of the receipt.

Time is made short where it decides: jobs keep state for minutes, topics records for seconds, and
the dates of the erasure are moved back. What then ends, ends by the home's own programs; a byte
search of every file and every row finds no trace, and finds the other visitor everywhere.
"""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from kafka import KafkaProducer

from cli.edge import EdgeClient
from pipelines.lake.compaction import forget
from pipelines.lake.trino import Trino
from schemas.load import TABLES
from tests.integration.commands import (
    dagster_run_status,
    start_dagster_job,
    wait_for_dagster_run,
)
from tests.integration.edge_topics import records
from tests.integration.erased_ends import (
    age_files,
    end_checkpoints,
    end_snapshots,
    end_topics,
    expire_all,
    wait_until_back,
)
from tests.integration.erased_scene import (
    PATIENCE_S,
    VIEWS,
    Scene,
    Visitor,
    erasure,
    is_everywhere,
    jobs_of_minutes,
    move,
    pages_of_api,
    restate,
    rows,
    shown,
    tell_history,
    visit,
)
from tests.integration.home_traces import files_below, places
from tests.integration.stack import Stack
from tests.integration.stream_home import kept_home, running_streams, wait_until_all_run

pytestmark = [pytest.mark.faults, pytest.mark.faults_only, pytest.mark.timeout(2_400)]

LONG: Final = timedelta(days=60)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    kept = kept_home("HEADWATER_TEST_HOME")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADWATER_JOBS", str(jobs_of_minutes(tmp_path_factory.mktemp("minutes"))))
        with running_streams("jobs,edge,serving,dagster-daemon", kept) as stack:
            wait_until_all_run(stack)
            on = {"recording": {"is_on": True, "sample_percent": 100, "keep_days": 30}}
            site = stack.make_site(f"forgets-{secrets.token_hex(4)}", settings=on)
            yield Scene(stack, site, Visitor.made("gone"), Visitor.made("stays"))


def of_night(stack: Stack, job: str) -> None:
    """Run a job as Dagster's schedule does."""
    wait_for_dagster_run(
        stack, job, stack.wait_until("Dagster takes it", lambda: _begun(stack, job), 120)
    )


def _begun(stack: Stack, job: str) -> str | None:
    """Return a run's id; None while Dagster has no definitions, its server being new."""
    with suppress(AssertionError, LookupError, TypeError, OSError, ValueError):
        return start_dagster_job(stack, job)
    return None


@pytest.fixture(scope="module")
def seen(scene: Scene) -> Scene:
    """Return the scene when everything holds both visitors."""
    stack = scene.stack
    for who in (scene.gone, scene.stays):
        visit(scene, who)
        tell_history(scene, who)

    def is_there() -> bool:
        tables = ("events", "session_progress", "sessions_closed", "recording_chunks")
        return all(rows(scene, table, who) for table in tables for who in (scene.gone, scene.stays))

    stack.wait_until("the stream told of both", is_there, PATIENCE_S, pause=2)
    restate(scene)
    _leave_an_orphan(scene)
    for who in (scene.gone, scene.stays):
        visit(scene, who)  # once more: the stream remembers a session while it is open
        stack.wait_until("all hold them", partial(is_everywhere, scene, who), PATIENCE_S, pause=2)
    return scene


def _leave_an_orphan(scene: Scene) -> None:
    """Leave a file beside a table's own, as a writer does that is killed before its commit."""
    folder = Path(urlsplit(scene.stack.environment["HEADWATER_WAREHOUSE"]).path)
    found = files_below(folder, [scene.gone.visitor])
    one = next(path for path in found if path.suffix == ".parquet")
    shutil.copy(one, one.with_name(f"killed-{one.name}"))


def test_everything_holds_both_before(seen: Scene) -> None:
    for who in (seen.gone, seen.stays):
        assert shown(seen, who).keys() == set(VIEWS)
    assert pages_of_api(seen) == {seen.gone.page, seen.stays.page}


@pytest.fixture(scope="module")
def erased(seen: Scene) -> int:
    """Return the number of the erasure."""
    words = ("--site", seen.site.site_id, "--user", seen.gone.user, "--yes")
    return int(seen.stack.headwater("erase", *words).stdout)


def test_views_show_nothing_at_once_and_the_other_whole(seen: Scene, erased: int) -> None:
    assert shown(seen, seen.gone) == {}
    assert shown(seen, seen.stays).keys() == set(VIEWS)
    assert pages_of_api(seen) == {seen.stays.page}


@pytest.fixture(scope="module")
def replayed(seen: Scene, erased: int) -> int:
    """Put the topic's records into it again while the edge and the stream are killed."""
    stack = seen.stack
    killed = {"edge": stack.kill("edge")}
    _mirror(seen)
    killed["taskmanager"] = stack.kill("taskmanager")
    wait_until_back(stack, killed)
    wait_until_all_run(stack)
    before = rows(seen, "events", seen.stays)
    visit(seen, seen.stays)
    told = f"events after {before}"
    stack.wait_until(told, lambda: rows(seen, "events", seen.stays) >= before + 3, PATIENCE_S)
    return erased


def _mirror(scene: Scene) -> None:
    sink = KafkaProducer(bootstrap_servers=scene.stack.environment["HEADWATER_KAFKA_BOOTSTRAP"])
    for one in records(scene.stack, "events"):
        if scene.gone.visitor.encode() in (one.key or b""):
            sink.send("events", one.value, one.key, one.headers, one.partition)
    sink.flush(60)
    sink.close()


def test_a_replay_shows_nothing(seen: Scene, replayed: int) -> None:
    assert shown(seen, seen.gone) == {}


@pytest.fixture(scope="module")
def forgotten(seen: Scene, replayed: int) -> int:
    """Forget them in Dagster, whose first run is killed with Trino in the middle."""
    stack, number = seen.stack, replayed
    ((settled,),) = stack.sql(
        f"SELECT max(settled_at) FROM lake.web.erasures WHERE erasure_id = {number}"
    )
    stack.wait_until("runs count from now on", lambda: datetime.now(UTC) > settled, 120)
    restate(seen)
    assert pages_of_api(seen) == {seen.stays.page}
    move(seen, number, requested_at=timedelta(days=3))
    run = start_dagster_job(stack, "forget_persons")

    def status() -> str:
        return dagster_run_status(stack, run)

    stack.wait_until("it works", lambda: status() == "STARTED", 120, pause=0.1)
    stack.wait_until("it deletes", lambda: rows(seen, "events", seen.gone) == 0, 60, pause=0.1)
    killed = {name: stack.kill(name) for name in ("trino", "dagster-code")}
    assert erasure(seen, number).rewritten_at is None
    wait_until_back(stack, killed)
    stack.wait_until("the lost run has failed", lambda: status() == "FAILURE", 180, pause=1)
    of_night(stack, "forget_persons")
    assert erasure(seen, number).state == "rewritten"
    return number


def test_no_table_has_a_row_of_theirs(seen: Scene, forgotten: int) -> None:
    for table in ("events", "identities", "sessions_restated", "recording_chunks"):
        assert rows(seen, table, seen.gone) == 0, table
    assert rows(seen, "events", seen.stays) > 0


@pytest.fixture(scope="module")
def ended(seen: Scene, forgotten: int) -> int:
    """Go past every date of the receipt."""
    stack, number = seen.stack, forgotten
    end_topics(seen)
    end_checkpoints(seen)
    of_night(stack, "forget_persons")
    for name in ("rejected_events", "dead_letters"):
        column = TABLES[name].partitions[0].column
        forget(Trino(stack.url("trino")), name, column, datetime.now(UTC) + LONG)
    since = erasure(seen, number).rewritten_at
    assert since is not None
    end_snapshots(seen, since)
    age_files(seen)
    of_night(stack, "purge_runs")
    move(seen, number, requested_at=LONG, hidden_at=LONG, rewritten_at=timedelta(days=9))
    for _ in range(2):
        of_night(stack, "forget_persons")
    expire_all(seen)
    with stack.postgres() as control:
        for asked in (b"CHECKPOINT", b"SELECT pg_switch_wal()", b"CHECKPOINT"):
            control.execute(asked)
    return number


def test_no_byte_of_the_home_tells_of_them(seen: Scene, ended: int) -> None:
    found = erasure(seen, ended)
    assert (found.state, found.visitor_ids, found.user_id) == ("ended", [], None)
    edge = EdgeClient(seen.stack.url("edge"), seen.site.write_key)
    again = {"type": "track", "event": "back", "anonymousId": seen.gone.visitor}
    assert len(edge.post_batch([again])) == 1, "refused for good"
    edge.close()
    left: dict[str, list[str]] = {}

    def is_over() -> bool:
        expire_all(seen)
        left.clear()
        left.update(places(seen.stack, seen.gone.names))
        return not left

    with suppress(AssertionError):
        seen.stack.wait_until("nothing is left", is_over, 90, pause=10)
    assert left == {}


def test_the_search_finds_the_other_everywhere(seen: Scene, ended: int) -> None:
    visit(seen, seen.stays)
    stays = partial(is_everywhere, seen, seen.stays)
    seen.stack.wait_until("the other is everywhere", stays, 90, pause=5)
    assert shown(seen, seen.stays).keys() == set(VIEWS)
