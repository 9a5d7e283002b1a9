"""What infra/local passes on from the environment it was started in."""

from pathlib import Path

import pytest

from infra.local.config import load_config
from infra.local.environment import environment


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HEADWATER_TRUSTED_PROXIES", "10.0.0.0/8, ::1/128"),
        ("HEADWATER_EDGE_LOG_AFTER_MS", "-1"),
        ("HEADWATER_EDGE_LOG_FLOOR_BYTES", "1000"),
        ("HEADWATER_HEADER_ALIASES", "X-Old-Key=X-API-Key"),
    ],
)
def test_what_the_edge_is_set_to_reaches_it(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(name, raising=False)
    # Left out, not empty: the edge's own default holds.
    assert name not in environment(tmp_path)
    monkeypatch.setenv(name, value)
    assert environment(tmp_path)[name] == value


@pytest.mark.parametrize("text", ["10.0.0.1/8", "nginx", "10.0.0.0/8,proxy"])
def test_wrong_proxy_stops_the_start_and_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="HEADWATER_TRUSTED_PROXIES"):
        load_config({"HEADWATER_TRUSTED_PROXIES": text})
