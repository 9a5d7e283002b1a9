"""Settings of the launcher."""

import pytest

from pipelines.flink_jobs.config import load_config, load_kafka
from pipelines.flink_jobs.errors import MissingSetting

WHOLE = {
    "HEADWATER_HOME": "/home",
    "HEADWATER_KAFKA_BOOTSTRAP": "b:1",
    "HEADWATER_CATALOG_URL": "postgresql://u:p@h:1/d",
    "HEADWATER_WAREHOUSE": "file:///w",
    "HEADWATER_FLINK_URL": "http://f:8081/",
    "HEADWATER_FLINK_PYTHON": "/python",
    "HEADWATER_CHECKPOINTS": "file:///c/",
}


def test_everything_is_read_once() -> None:
    config = load_config(WHOLE)
    assert (config.flink_url, config.checkpoints, config.profile) == (
        "http://f:8081",
        "file:///c",
        "local",
    )
    assert config.environment == WHOLE


@pytest.mark.parametrize("name", WHOLE)
def test_a_missing_setting_is_named(name: str) -> None:
    with pytest.raises(MissingSetting, match=f"{name} is not set"):
        load_config({key: value for key, value in WHOLE.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value"), [("HEADWATER_CLOCK", "sundial"), ("HEADWATER_PROFILE", "huge")]
)
def test_a_wrong_choice_lists_the_right_ones(name: str, value: str) -> None:
    with pytest.raises(MissingSetting, match=f"{name} is '{value}'; it must be"):
        load_config(WHOLE | {name: value})


def test_topics_need_only_the_broker() -> None:
    assert load_kafka({"HEADWATER_KAFKA_BOOTSTRAP": "b:1"}).clock == "wall"
