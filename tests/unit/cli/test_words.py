"""What the verbs accept and refuse before they touch anything."""

from datetime import date
from importlib import import_module
from pathlib import Path

import click
import pytest

from cli import restate
from cli.config import Config
from cli.context import Context
from cli.export_person import of_several
from cli.main import main
from cli.verbs import VERBS

MINE = ("sites", "keys", "send", "sql", "import", "restate", "jobs", "dlq", "demo",
        "export", "export-person")  # fmt: skip
EXPORT = ("export", "--site", "s")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(tmp_path, is_color_wanted=False)


@pytest.fixture(autouse=True)
def _no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever gets as far as the settings of the home has gone too far."""
    monkeypatch.setattr(Context, "environment", {})


@pytest.mark.parametrize("verb", MINE)
def test_every_verb_has_help_for_itself_and_its_parts(verb: str, config: Config) -> None:
    command: click.Command = import_module(VERBS[verb][0]).command
    parts = list(getattr(command, "commands", {}))
    for words in [[verb], *([verb, part] for part in parts)]:
        assert main([*words, "--help"], config) == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["restate", "--site", "s"], "No dates given"),
        (["restate", "--site", "s", "--dates", "2026-13-01"], "'2026-13-01' is not a date"),
        (["restate", "--site", "s", "--from", "2026-01-01"], "go together"),
        (
            ["restate", "--site", "s", "--from", "2026-01-02", "--to", "2026-01-01"],
            "before --from",
        ),
        (["send"], "--site"),
        (["send", "--site", "s", "--property", "novalue"], "'novalue' is not NAME=VALUE"),
        (["sites", "create", "s", "--retention", "for ever"], "a number of days"),
        (["sites", "create", "s", "--retention", "0"], "a number of days"),
        (["keys", "create", "--site", "s", "--kind", "root"], "'root' is not one of"),
        (["import", "access-log", "/absent.log", "--site", "s"], "cannot be read"),
        (["dlq", "show", "events", "-1", "0"], "dlq show"),
        (["sql"], "STATEMENT"),
        (["export-person", "--site", "s", "-o", "x.zip"], "Nobody is named"),
        (["export-person", "--site", "s", "--user", "u"], "--output"),
        ([*EXPORT, "--table", "nothing"], "No table 'nothing'"),
        ([*EXPORT, "--table", "events"], "by days"),
        ([*EXPORT, "--table", "events", "--from", "2026-13-01"], "is not a date"),
        (
            [*EXPORT, "--table", "events", "--from", "2026-01-02", "--to", "2026-01-01"],
            "before the first",
        ),
        ([*EXPORT, "--table", "users", "--from", "2026-01-02"], "of no day"),
        ([*EXPORT, "--table", "users", "--format", "xls"], "'xls' is not one of"),
    ],
)
def test_wrong_words_are_usage_faults(
    words: list[str], told: str, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words, config) == 2
    assert told in capsys.readouterr().err


def test_dates_come_from_lists_and_ranges(
    config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[list[date]] = []

    def keep(context: Context, site: str, dates: list[date], reason: str, *, is_held: bool) -> int:
        assert not is_held
        asked.append(dates)
        return 7

    monkeypatch.setattr(restate, "queue", keep)
    words = ["restate", "--site", "s", "--dates", "2026-03-05, 2026-03-09"]
    assert main([*words, "--from", "2026-02-28", "--to", "2026-03-01"], config) == 0
    assert asked == [[date(2026, 3, 5), date(2026, 3, 9), date(2026, 2, 28), date(2026, 3, 1)]]
    assert capsys.readouterr().out == "7\n"


@pytest.mark.parametrize(
    ("pairs", "user", "several"),
    [
        ([], None, []),
        ([("v", "ann")], None, []),
        ([("v", "ann"), ("v", "bob")], None, ["v"]),
        ([("v", "ann"), ("w", "bob")], None, []),
        ([("v", "ann")], "ann", []),
        ([("v", "bob")], "ann", ["v"]),
        ([("v", "ann"), ("v", "bob")], "ann", ["v"]),
    ],
)
def test_a_browser_of_several_users_is_nobodys_to_take(
    pairs: list[tuple[str, str]], user: str | None, several: list[str]
) -> None:
    assert of_several(pairs, user) == several
