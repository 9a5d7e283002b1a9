"""The resource plan is whole and says so when it is not."""

from pathlib import Path

import pytest

from infra.local.resources import RESOURCES, load_resources

PLAN = Path(__file__).parents[3] / "infra" / "local" / "resources.toml"


def test_the_plan_has_slots_for_every_job() -> None:
    jobs = len(list((PLAN.parents[2] / "pipelines" / "flink_jobs").glob("*/job.toml")))
    assert RESOURCES.flink.slots >= jobs


@pytest.mark.parametrize("line", ["[planet]\nsize = 1\n", "[kafka]\nheap_gb = 1\n"])
def test_an_unknown_word_is_refused(tmp_path: Path, line: str) -> None:
    text = PLAN.read_text(encoding="utf-8")
    if line.startswith("[kafka]"):
        text, line = text.replace("[kafka]\n", line), ""
    (tmp_path / "resources.toml").write_text(text + line, encoding="utf-8")
    with pytest.raises(ValueError, match=r"planet|heap_gb"):
        load_resources(tmp_path / "resources.toml")
