"""Minutes of load with one fault after the other; then everything is counted.

HEADWATER_FAULTS_MINUTES (10; 30 with HEADWATER_FAULTS_FULL=1) and HEADWATER_FAULTS_RUN_RATE (500
events/s) say how long and how much; HEADWATER_FAULTS_ONLY names some of the faults (run_faults.py),
separated by commas.
"""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import pytest

from pipelines.flink_jobs.runner import JOB_NAMES
from schemas.load import RULES, TABLES
from tests.integration.lake_size import TableSize, table_sizes
from tests.integration.ledger import Load
from tests.integration.ledger_checks import (
    assert_exactly_once,
    assert_live_tables,
    assert_sessions,
    poison_records,
    set_aside,
)
from tests.integration.run_faults import MINUTES, RATE, Hurt, chosen_faults
from tests.integration.stack import Stack
from tests.integration.stream_home import (
    PATIENCE_S,
    kept_home,
    running_streams,
    wait_until_all_run,
)

# With fewer, half an hour of load would make a flood of each.
VISITORS: Final = 4_000
MAX_FILES_A_DAY: Final = 100
MAX_METADATA_BYTES: Final = 5_000_000

pytestmark = [pytest.mark.faults, pytest.mark.faults_only, pytest.mark.timeout(7_200)]


@pytest.fixture(scope="module")
def hurt() -> Iterator[Hurt]:
    """Return a home with all that writes tables: streams, restatement, care."""
    kept = kept_home("HEADWATER_TEST_HOME")
    with running_streams("jobs,edge,dagster-daemon", kept) as running:
        wait_until_all_run(running)
        yield Hurt(running, running.make_site(f"ledger-{secrets.token_hex(4)}"))


@pytest.fixture(scope="module")
def load(hurt: Hurt) -> Load:
    """Return the load that has seen all of it, when every job runs again."""
    faults = chosen_faults()
    stretch = round(RATE * MINUTES * 60 / (len(faults) + 1))
    patience = PATIENCE_S + 3 * stretch // RATE
    with Load(hurt.home, hurt.site, RATE, visitors=VISITORS) as running:
        for name, fault in faults.items():
            running.wait_for(stretch, patience)
            _tell(f"{len(running.ledger.acknowledged)} acknowledged; {name}")
            fault(hurt)
            wait_until_all_run(hurt.home)
        running.wait_for(stretch, patience)
    for other in hurt.floods:
        running.ledger.add(other.ledger)
    _tell(f"{len(running.ledger.acknowledged)} acknowledged of {len(running.ledger.sent)} sent")
    return running


def _tell(words: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {words}", flush=True)


def test_every_acknowledged_event_is_one_row(hurt: Hurt, load: Load) -> None:
    assert_exactly_once(hurt.home, load, at_least=round(RATE * MINUTES * 60 * 0.9))
    for other in hurt.restated:
        assert_exactly_once(hurt.home, other, at_least=1)


def test_minutes_sessions_and_friction_count_each_event_once(hurt: Hurt, load: Load) -> None:
    assert_live_tables(hurt.home, load.site)


def test_a_flood_is_kept_and_tagged(hurt: Hurt, load: Load) -> None:
    if not hurt.floods:
        pytest.skip("no flood was asked for")
    where = f"site_id = '{load.site.site_id}' AND is_flood"
    ((tagged, visitors),) = hurt.home.sql(
        f"SELECT count(*), count(DISTINCT visitor_id) FROM analytics.events WHERE {where}"
    )
    assert tagged > RULES.delivery.flood_events_per_hour
    assert visitors == 1


def test_poison_is_set_aside_once(hurt: Hurt, load: Load) -> None:
    if "9-poison" not in chosen_faults():
        pytest.skip("no poison was asked for")
    count = len(poison_records(hurt.poison))
    home = hurt.home
    home.wait_until("all is set aside", lambda: set_aside(home, hurt.poison) >= count, PATIENCE_S)
    assert set_aside(home, hurt.poison) == count


@pytest.mark.usefixtures("load")
def test_a_day_stays_in_few_files(hurt: Hurt) -> None:
    """Compaction comes every few minutes, while Flink goes on to commit."""
    last: list[TableSize] = []

    def are_few() -> bool:
        written = (name for name, table in TABLES.items() if table.writer in JOB_NAMES)
        names = set(written)
        last[:] = [size for size in table_sizes(hurt.home.home) if size.name in names]
        return all(max(size.files.values(), default=0) < MAX_FILES_A_DAY for size in last)

    _tell_sizes(hurt.home)
    hurt.home.wait_until("days of less than 100 files", are_few, PATIENCE_S, pause=5)
    _tell_sizes(hurt.home)
    assert {s.name for s in last if s.metadata_bytes > MAX_METADATA_BYTES} == set()


def _tell_sizes(home: Stack) -> None:
    for size in table_sizes(home.home):
        if size.snapshots > 1:
            files = max(size.files.values(), default=0)
            _tell(f"{size.name}: {files} files a day at most, {size.snapshots} snapshots,"
                  f" {size.metadata_bytes} bytes of metadata")  # fmt: skip


def test_restating_makes_the_sessions_of_the_ledger(hurt: Hurt, load: Load) -> None:
    """It stands last: days that were restated need no live rows."""
    assert_sessions(hurt.home, load)
    for other in hurt.restated:
        assert_sessions(hurt.home, other)
