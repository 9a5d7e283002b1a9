"""Which jobs Flink still has."""

from infra.local.job_watch import alive_jobs, job_names


def test_jobs_that_restart_by_themselves_are_alive() -> None:
    jobs = [
        {"name": "collect_events", "state": "RUNNING"},
        {"name": "sessionize_events", "state": "RESTARTING"},
        {"name": "detect_friction", "state": "CANCELED"},
        {"name": "map_clicks", "state": "FAILED"},
    ]
    assert alive_jobs({"jobs": jobs}) == {"collect_events", "sessionize_events"}


def test_no_answer_is_not_no_job() -> None:
    assert alive_jobs(None) is None


def test_a_job_is_named_after_its_folder() -> None:
    assert "collect_events" in job_names()
