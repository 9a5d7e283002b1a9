"""What Flink is told about a launch, and what comes back."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.flink_jobs.config import Config, load_config
from pipelines.flink_jobs.errors import SubmissionFailed
from pipelines.flink_jobs.restore import Checkpoint, Launch
from pipelines.flink_jobs.runner import load_job
from pipelines.flink_jobs.starts import Start
from pipelines.flink_jobs.submission import PyFlink, run_submit, settings
from tests.unit.pipelines.flink_jobs.test_config import WHOLE

JOB = load_job("collect_events")
LAUNCH = Launch("0" * 32, "f", Start("r"))


@pytest.fixture
def config() -> Config:
    return load_config(WHOLE)


def test_a_start_without_state_names_no_checkpoint(config: Config) -> None:
    told = settings(config, JOB, {}, LAUNCH)
    assert "execution.state-recovery.path" not in told
    assert told["$internal.pipeline.job-id"] == LAUNCH.job_id
    assert (told["rest.address"], told["rest.port"]) == ("f", "8081")
    assert told["state.backend.type"] == "rocksdb"
    assert told["table.exec.iceberg.use-v2-sink"] == "false"


def test_a_restored_launch_leaves_the_old_files_alone(config: Config) -> None:
    restored = replace(LAUNCH, restored=Checkpoint("a", 3, "file:///c/a/chk-3"))
    told = settings(config, JOB, {}, restored)
    assert told["execution.state-recovery.path"] == "file:///c/a/chk-3"
    assert told["execution.state-recovery.claim-mode"] == "NO_CLAIM"


@pytest.mark.parametrize(("profile", "seconds"), [("local", "2 s"), ("production", "30 s")])
def test_the_profile_sets_how_often_is_committed(profile: str, seconds: str) -> None:
    config = load_config(WHOLE | {"HEADWATER_PROFILE": profile})
    assert settings(config, JOB, {}, LAUNCH)["execution.checkpointing.interval"] == seconds


def test_a_jobs_own_settings_come_on_top(config: Config) -> None:
    assert (
        settings(config, JOB, {"table.exec.state.ttl": "24 h"}, LAUNCH)["table.exec.state.ttl"]
        == "24 h"
    )


def _python(folder: Path, body: str) -> str:
    """Return a program that stands in for PyFlink's Python."""
    script = folder / "python"
    script.write_text(f"#!{sys.executable}\n{body}\n", "utf-8")
    script.chmod(0o755)
    return str(script)


def test_the_last_line_is_the_answer(tmp_path: Path) -> None:
    python = _python(tmp_path, 'print(\'noise\'); print(\'[{"name": "j", "job_id": "1"}]\')')
    assert run_submit(python, {}, "run", tmp_path)[0]["job_id"] == "1"


def test_no_answer_says_what_was_said_instead(tmp_path: Path) -> None:
    python = _python(tmp_path, "import sys; sys.exit('no such module')")
    with pytest.raises(SubmissionFailed, match=r"no answer \(exit 1\): no such module"):
        run_submit(python, {}, "run", tmp_path)


def test_pyflink_that_does_not_start_says_why(config: Config, tmp_path: Path) -> None:
    python = _python(tmp_path, "import sys; sys.exit('no such module')")
    with (
        PyFlink(replace(config, flink_python=python)) as pyflink,
        pytest.raises(SubmissionFailed, match=r"no answer \(exit 1\): no such module"),
    ):
        pyflink.check([])


def test_pyflink_answers_again_and_again(config: Config, tmp_path: Path) -> None:
    body = """import sys
for number, line in enumerate(sys.stdin):
    print("noise")
    print('[{"name": "j", "error": "%s %d"}]' % (line.split()[0], number), flush=True)"""
    with PyFlink(replace(config, flink_python=_python(tmp_path, body))) as pyflink:
        for said, asked in (("plan 0", pyflink.check), ("run 1", pyflink.start)):
            with pytest.raises(SubmissionFailed, match=f"Flink refused j: {said}"):
                asked([])
