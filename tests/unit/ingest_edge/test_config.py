"""The environment is read once, and a wrong one is named."""

import pytest

from ingest_edge.config import load_config
from ingest_edge.errors import BadSetting

GOOD = {
    "HEADWATER_HOME": "home",
    "HEADWATER_EDGE_URL": "http://127.0.0.1:8100",
    "HEADWATER_KAFKA_BOOTSTRAP": "127.0.0.1:9092",
    "HEADWATER_POSTGRES_URL": "postgresql://u:p@127.0.0.1:5432/headwater",
}


def test_settings_come_from_the_environment() -> None:
    config = load_config({**GOOD, "HEADWATER_CLOCK": "replay"})
    assert (config.host, config.port, config.is_replay) == ("127.0.0.1", 8100, True)
    assert config.geo_v4 is None


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"HEADWATER_HOME": ""}, "HEADWATER_HOME"),
        ({"HEADWATER_EDGE_URL": "127.0.0.1"}, "HEADWATER_EDGE_URL"),
        ({"HEADWATER_CLOCK": "sun"}, "HEADWATER_CLOCK"),
        ({"HEADWATER_TRUSTED_PROXIES": "10.0.0.1/8"}, "HEADWATER_TRUSTED_PROXIES"),
    ],
)
def test_wrong_setting_is_named(change: dict[str, str], name: str) -> None:
    with pytest.raises(BadSetting, match=name):
        load_config({**GOOD, **change})


def test_header_aliases_are_added_to_the_shipped_ones() -> None:
    found = load_config({**GOOD, "HEADWATER_HEADER_ALIASES": "X-Old=X-API-Key, X-Site=X-Funnel-ID"})
    assert found.header_aliases["X-Old"] == "X-API-Key"
    assert found.header_aliases["X-Site"] == "X-Funnel-ID"
    assert found.header_aliases["X-Aurea-Funnel-ID"] == "X-Funnel-ID"
    with pytest.raises(BadSetting, match="HEADWATER_HEADER_ALIASES"):
        load_config({**GOOD, "HEADWATER_HEADER_ALIASES": "X-Old"})
