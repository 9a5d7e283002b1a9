"""Settings that are missing or wrong are named, with what to do."""

import pytest

from pipelines.lake.config import load_config
from pipelines.lake.errors import MissingSetting

GOOD = {
    "HEADWATER_CATALOG_URL": "postgresql://u:p@h:1/lake_catalog",
    "HEADWATER_WAREHOUSE": "file:///w",
    "HEADWATER_TRINO_URL": "http://h:2",
    "HEADWATER_POSTGRES_URL": "postgresql://u:p@h:1/headwater",
}


def test_all_settings_are_read() -> None:
    config = load_config(GOOD)
    assert (config.trino_url, config.catalog.warehouse) == ("http://h:2", "file:///w")


@pytest.mark.parametrize("name", GOOD)
def test_a_missing_setting_is_named(name: str) -> None:
    with pytest.raises(MissingSetting, match=name):
        load_config({**GOOD, name: ""})


def test_a_wrong_catalog_is_refused_without_its_password() -> None:
    with pytest.raises(MissingSetting, match="HEADWATER_CATALOG_URL") as caught:
        load_config({**GOOD, "HEADWATER_CATALOG_URL": "mysql://u:secret@h/x"})
    assert "secret" not in str(caught.value)
