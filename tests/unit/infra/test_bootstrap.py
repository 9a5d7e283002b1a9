"""Installing does only what changed; the programs it would call are recorded instead."""

import io
from pathlib import Path

import pytest

from infra.local import bootstrap
from infra.local.progress import Progress

QUIET = Progress(io.StringIO())


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the commands that were run, in a checkout of its own."""
    commands: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "CHECKOUT", tmp_path)
    monkeypatch.setattr(bootstrap, "MAIN", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "LOCKS", tmp_path)
    monkeypatch.setattr(bootstrap, "_run", lambda command, *_, **__: commands.append(command))
    (tmp_path / "main.txt").write_text("a==1 --hash=sha256:0\n")
    (tmp_path / "uv.txt").write_text("uv==1 --hash=sha256:0\n")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").touch()
    return commands


def _page(folder: Path) -> Path:
    page = folder / "page"
    for name in ("src", "dist", "node_modules"):
        (page / name).mkdir(parents=True)
    (page / "package.json").write_text("{}")
    (page / "package-lock.json").write_text("{}")
    (page / "src" / "main.ts").write_text("first()")
    return page


def test_a_page_is_built_once(tmp_path: Path, ran: list[list[str]]) -> None:
    page = _page(tmp_path)
    bootstrap.build_page(page, QUIET)
    assert [command[2] for command in ran] == ["ci", "run"]
    ran.clear()
    bootstrap.build_page(page, QUIET)
    assert ran == []


@pytest.mark.parametrize(
    ("changed", "steps"),
    [
        ("src/main.ts", ["run"]),
        ("vite.config.ts", ["run"]),
        ("package-lock.json", ["ci", "run"]),
    ],
)
def test_a_changed_page_is_built_again(
    tmp_path: Path, ran: list[list[str]], changed: str, steps: list[str]
) -> None:
    page = _page(tmp_path)
    bootstrap.build_page(page, QUIET)
    ran.clear()
    (page / changed).write_text("second()")
    bootstrap.build_page(page, QUIET)
    assert [command[2] for command in ran] == steps


def test_what_a_build_writes_is_no_change(tmp_path: Path, ran: list[list[str]]) -> None:
    page = _page(tmp_path)
    bootstrap.build_page(page, QUIET)
    ran.clear()
    (page / "dist" / "main.js").write_text("built")
    (page / "node_modules" / "other.js").write_text("fetched")
    bootstrap.build_page(page, QUIET)
    assert ran == []


def test_a_page_without_its_build_is_built(tmp_path: Path, ran: list[list[str]]) -> None:
    page = _page(tmp_path)
    bootstrap.build_page(page, QUIET)
    ran.clear()
    (page / "dist").rmdir()
    bootstrap.build_page(page, QUIET)
    assert [command[2] for command in ran] == ["run"]


def test_an_environment_follows_its_lock(tmp_path: Path, ran: list[list[str]]) -> None:
    for _ in range(2):
        bootstrap.sync_environment(tmp_path / ".venv", "main.txt", QUIET)
    assert len(ran) == 2  # uv by pip, packages by uv, and nothing the second time
    (tmp_path / "main.txt").write_text("a==2 --hash=sha256:0\n")
    bootstrap.sync_environment(tmp_path / ".venv", "main.txt", QUIET)
    assert len(ran) == 4


def test_packages_are_checked_by_hash(tmp_path: Path, ran: list[list[str]]) -> None:
    bootstrap.sync_environment(tmp_path / ".venv", "main.txt", QUIET)
    assert all("--require-hashes" in command for command in ran)
