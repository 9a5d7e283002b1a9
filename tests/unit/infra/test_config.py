"""What infra/local passes on from the environment it was started in."""

from pathlib import Path

import pytest

from infra.local.config import load_config
from infra.local.environment import environment


def test_listed_proxies_reach_the_programs_of_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HEADWATER_TRUSTED_PROXIES", raising=False)
    # Left out, not empty: the edge's own default (this machine) holds.
    assert "HEADWATER_TRUSTED_PROXIES" not in environment(tmp_path)
    monkeypatch.setenv("HEADWATER_TRUSTED_PROXIES", "10.0.0.0/8, ::1/128")
    assert environment(tmp_path)["HEADWATER_TRUSTED_PROXIES"] == "10.0.0.0/8, ::1/128"


@pytest.mark.parametrize("text", ["10.0.0.1/8", "nginx", "10.0.0.0/8,proxy"])
def test_wrong_proxy_stops_the_start_and_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="HEADWATER_TRUSTED_PROXIES"):
        load_config({"HEADWATER_TRUSTED_PROXIES": text})
