"""A home in the background is started with what whoever starts it has chosen."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.local import running


def test_chosen_settings_reach_a_supervisor_in_the_background(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file of a password for mail, another place for recordings: lost without a word before."""
    given: dict[str, str] = {}
    monkeypatch.setenv("HEADWATER_RECORDINGS", "s3://bucket/recordings")
    monkeypatch.setenv("HEADWATER_HOME", "/another/home")
    monkeypatch.setattr(running, "chosen", lambda home, names: [])
    monkeypatch.setattr(running, "is_locked", lambda home: bool(given))

    def started(*_: object, env: dict[str, str], **__: Any) -> None:
        given.update(env)

    monkeypatch.setattr(subprocess, "Popen", started)
    running.start_detached(tmp_path, [], 0, lambda line: None)
    assert given["HEADWATER_RECORDINGS"] == "s3://bucket/recordings"
    assert "HEADWATER_HOME" not in given
