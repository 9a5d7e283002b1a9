"""Which checkpoint may be restored, as a table of cases."""

from dataclasses import dataclass

import pytest

from pipelines.flink_jobs.restore import Checkpoint, Choice, Commit, Launch, ancestry, choose
from pipelines.flink_jobs.starts import Start

SQL = "fingerprint"


def checkpoint(job_id: str, number: int) -> Checkpoint:
    return Checkpoint(job_id, number, f"file:///c/{job_id}/chk-{number}")


def launch(
    job_id: str,
    restored: Checkpoint | None = None,
    fingerprint: str = SQL,
    **baseline: Commit | None,
) -> Launch:
    return Launch(job_id, fingerprint, Start(f"run-{job_id}"), restored, baseline)


@dataclass(frozen=True)
class Offer:
    """Launches in order, checkpoints on disk, newest commits; `chosen` is (job, number) or None."""

    launches: list[Launch]
    checkpoints: list[Checkpoint]
    commits: dict[str, Commit | None]
    chosen: tuple[str, int] | None
    fingerprint: str = SQL
    reason: str = ""


A, A23, A6 = launch("a"), checkpoint("a", 23), checkpoint("a", 6)
B = launch("b", restored=A23)

OFFERS = {
    "nothing was ever started": Offer([], [], {"t": None}, None),
    "no checkpoint is left": Offer([A], [], {"t": Commit("a", 23)}, None),
    "no table was ever written": Offer([A], [A6], {"t": None}, ("a", 6)),
    "checkpoint and commit are the same": Offer([A], [A23], {"t": Commit("a", 23)}, ("a", 23)),
    "the commit is older": Offer([A], [A23], {"t": Commit("a", 20)}, ("a", 23)),
    "the newest of two": Offer([A], [A6, A23], {"t": Commit("a", 6)}, ("a", 23)),
    "an older checkpoint is offered": Offer(
        [A], [A6], {"t": Commit("a", 23)}, None, reason="table t already holds checkpoint 23"
    ),
    "one table is ahead of it": Offer(
        [A],
        [A6],
        {"t": Commit("a", 6), "u": Commit("a", 7)},
        None,
        reason="table u already holds checkpoint 7",
    ),
    "an ancestor wrote last": Offer(
        [A, B], [checkpoint("b", 24)], {"t": Commit("a", 23)}, ("b", 24)
    ),
    "the restored job wrote last": Offer(
        [A, B], [A23, checkpoint("b", 30)], {"t": Commit("b", 30)}, ("b", 30)
    ),
    "it made no checkpoint of its own": Offer([A, B], [A23], {"t": Commit("a", 23)}, ("a", 23)),
    "its heir went on": Offer(
        [A, B], [A23], {"t": Commit("b", 24)}, None, reason="last written by job b"
    ),
    "the ancestor went on after it was restored from": Offer(
        [A, B],
        [checkpoint("b", 30)],
        {"t": Commit("a", 25)},
        None,
        reason="table t already holds checkpoint 25 of a",
    ),
    "a stranger wrote last": Offer(
        [A], [A23], {"t": Commit("x", 1)}, None, reason="last written by job x"
    ),
    "a stateless start that has written nothing yet": Offer(
        [A, launch("c", t=Commit("a", 23))],
        [A23, checkpoint("c", 2)],
        {"t": Commit("a", 23)},
        ("c", 2),
    ),
    "a stateless start wrote one of two tables": Offer(
        [A, launch("c", t=Commit("a", 23), u=Commit("a", 20))],
        [checkpoint("c", 9)],
        {"t": Commit("c", 9), "u": Commit("a", 20)},
        ("c", 9),
    ),
    "before a stateless start": Offer(
        [A, launch("c", t=Commit("a", 23))],
        [A23],
        {"t": Commit("c", 1)},
        None,
        reason="last written by job c",
    ),
    "the baseline holds for heirs, too": Offer(
        [A, launch("c", t=Commit("a", 23)), launch("d", restored=checkpoint("c", 5))],
        [checkpoint("d", 8)],
        {"t": Commit("a", 23)},
        ("d", 8),
    ),
    "a checkpoint of a job that is not on record": Offer(
        [A], [checkpoint("x", 99)], {"t": Commit("a", 23)}, None, reason="no launch"
    ),
    "the SQL changed": Offer(
        [A], [A23], {"t": Commit("a", 23)}, None, fingerprint="other", reason="SQL or a topic"
    ),
    "the SQL changed and changed back": Offer(
        [A, launch("c", fingerprint="other", t=Commit("a", 23))],
        [A23],
        {"t": Commit("a", 23)},
        ("a", 23),
    ),
}


@pytest.mark.parametrize("name", OFFERS)
def test_choice(name: str) -> None:
    offer = OFFERS[name]
    choice: Choice = choose(offer.checkpoints, offer.launches, offer.commits, offer.fingerprint)
    found = choice.checkpoint
    assert (found and (found.job_id, found.number)) == offer.chosen
    assert offer.reason in " ".join(choice.refused)


def test_the_story_of_two_refused_checkpoints_is_told_newest_first() -> None:
    choice = choose([A6, checkpoint("a", 7)], [A], {"t": Commit("a", 23)}, SQL)
    assert [reason.partition(":")[0] for reason in choice.refused] == [
        "checkpoint 7 of job a",
        "checkpoint 6 of job a",
    ]


def test_ancestry_ends_at_a_start_without_state() -> None:
    heir = launch("d", restored=checkpoint("b", 40))
    assert [each.job_id for each in ancestry("d", [A, B, heir])] == ["d", "b", "a"]


def test_a_record_that_runs_in_a_circle_ends() -> None:
    one, two = launch("x", checkpoint("y", 1)), launch("y", checkpoint("x", 1))
    assert [each.job_id for each in ancestry("x", [one, two])] == ["x", "y"]


def test_a_checkpoint_whose_transaction_the_broker_gave_up_is_too_old() -> None:
    old = Checkpoint("a", 23, "file:///c", completed_ms=1000)
    commits: dict[str, Commit | None] = {"t": Commit("a", 23)}
    assert choose([old], [A], commits, SQL, not_before_ms=1000).checkpoint == old
    choice = choose([old], [A], commits, SQL, not_before_ms=1001)
    assert choice.checkpoint is None
    assert "older than its open transaction" in choice.refused[0]
