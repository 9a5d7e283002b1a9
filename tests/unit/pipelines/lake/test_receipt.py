"""The receipt dates the end of every copy, by the rule that ends it."""

from datetime import UTC, datetime, timedelta
from typing import Final

from pipelines.lake.receipt import Stages, ends_at, receipt
from schemas.load import TOPICS

ASKED: Final = datetime(2026, 3, 1, 10, tzinfo=UTC)
HIDDEN: Final = ASKED + timedelta(seconds=4)
REWRITTEN: Final = ASKED + timedelta(days=2)


def gone(stages: Stages) -> dict[str, datetime | None]:
    return {copy.what: copy.gone_at for copy in receipt(stages)}


def test_nothing_is_promised_before_the_step_it_waits_for() -> None:
    assert set(gone(Stages(ASKED, None, None)).values()) == {None}
    hidden = gone(Stages(ASKED, HIDDEN, None))
    assert hidden["views, API, page"] == HIDDEN
    assert hidden["rows of the tables"] is None
    assert ends_at(Stages(ASKED, HIDDEN, None)) is None


def test_every_copy_ends_by_its_own_rule() -> None:
    found = gone(Stages(ASKED, HIDDEN, REWRITTEN))
    assert found["rows of the tables"] == found["session recordings"] == REWRITTEN
    assert found["older snapshots of the tables"] == REWRITTEN + timedelta(hours=1)
    assert found["files that no snapshot names"] == REWRITTEN + timedelta(days=8)
    kept = timedelta(hours=TOPICS["events"].retention_hours)
    assert found["topic events"] == HIDDEN + kept + timedelta(days=1), "and its segment"
    assert found["state of the stream"] == HIDDEN + timedelta(hours=24)
    assert found["log of the edge"] == HIDDEN + timedelta(seconds=660)
    assert {f"topic {name}" for name in TOPICS} == {w for w in found if w.startswith("topic ")}
    assert found["backups"] is None


def test_every_rule_says_when_and_none_is_still_to_come() -> None:
    for copy in receipt(Stages(ASKED, HIDDEN, REWRITTEN)):
        assert copy.by
        assert "not yet" not in copy.by


def test_it_ends_with_the_last_copy_that_headwater_holds() -> None:
    found = gone(Stages(ASKED, HIDDEN, REWRITTEN))
    assert ends_at(Stages(ASKED, HIDDEN, REWRITTEN)) == max(filter(None, found.values()))


def test_a_copy_is_gone_from_its_date_on() -> None:
    rows = next(c for c in receipt(Stages(ASKED, HIDDEN, REWRITTEN)) if c.what.startswith("rows"))
    assert rows.state(REWRITTEN - timedelta(seconds=1)) == "waiting"
    assert rows.state(REWRITTEN) == "gone"
