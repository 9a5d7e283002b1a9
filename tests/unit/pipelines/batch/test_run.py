"""What a run binds to its SQL."""

from datetime import UTC, date, datetime, timedelta

from pipelines.batch.run import Run, new_run_id

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def run(**changes: object) -> Run:
    values: dict[str, object] = {
        "run_id": "r",
        "site_id": "s",
        "zone": "Europe/Berlin",
        "dates": (date(2026, 2, 28), date(2026, 3, 1)),
        "reason": "test",
        "snapshot": 7,
        "watermark": NOW,
        "started_at": NOW,
    }
    return Run(**(values | changes))  # type: ignore[arg-type]


def test_a_run_reads_from_one_gap_before_to_a_day_after() -> None:
    values = run().values()
    assert values["read_from"] == datetime(2026, 2, 27, 22, 30, tzinfo=UTC)
    assert values["read_until"] == datetime(2026, 3, 2, 23, tzinfo=UTC)


def test_each_day_looks_a_day_past_its_own_end() -> None:
    first, second = datetime(2026, 3, 1, 23, tzinfo=UTC), datetime(2026, 3, 2, 23, tzinfo=UTC)
    assert run().values()["looks_until"] == [first, second]


def test_without_a_watermark_every_session_may_go_on_and_no_day_is_closed() -> None:
    values = run(watermark=None).values()
    assert values["settled_until"] < NOW  # type: ignore[operator]
    assert values["is_closed"] == [False, False]
    assert values["may_stay_open"] == [True, True]


def test_run_ids_sort_by_time() -> None:
    moments = [NOW + timedelta(microseconds=n * 999_983) for n in range(20)]
    ids = [new_run_id(moment) for moment in moments]
    assert ids == sorted(ids)


def test_run_ids_of_one_moment_differ() -> None:
    assert new_run_id(NOW) != new_run_id(NOW)
