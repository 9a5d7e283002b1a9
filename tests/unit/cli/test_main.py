"""The frame of the command: help is quick, faults are messages, exit codes say how it ended."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest

from cli import main as frame
from cli.config import Config, load_config
from cli.context import Context, pass_context
from cli.errors import ChecksFailed, CliError, ExitCode
from cli.main import main
from cli.verbs import VERBS

HEAVY = (
    "pyflink",
    "pyiceberg",
    "trino",
    "dagster",
    "fastapi",
    "psycopg",
    "kafka",
    "confluent_kafka",
)


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return a module that stands as the only verb, `try`."""
    module = ModuleType("tried")
    monkeypatch.setitem(sys.modules, "tried", module)
    monkeypatch.setattr(frame, "VERBS", {"try": ("tried", "Try.")})
    return module


def _does(module: ModuleType, work: object) -> None:
    @click.command()
    @pass_context
    def command(context: Context) -> None:
        if isinstance(work, BaseException):
            raise work
        click.echo(context.home)

    module.command = command  # type: ignore[attr-defined]


def _run(*words: str) -> int:
    return main(list(words), Config(Path("/default/home"), is_color_wanted=False))


def test_help_imports_no_engine() -> None:
    code = (
        "import sys; from cli.main import main; main(['--help']); "
        f"sys.exit(', '.join(m for m in {HEAVY!r} if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
    assert "doctor" in done.stdout


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_exists_and_explains_itself(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(name, "--help") == ExitCode.OK
    assert "--home" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [("--home", "/other", "try"), ("try", "--home", "/other")], ids=["before", "after"]
)
def test_home_may_stand_on_either_side(
    verb: ModuleType, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    _does(verb, None)
    assert _run(*words) == ExitCode.OK
    assert capsys.readouterr().out == "/other\n"


def test_the_default_home_is_the_configured_one(
    verb: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    _does(verb, None)
    _run("try")
    assert capsys.readouterr().out == "/default/home\n"


def test_a_fault_says_what_where_and_fix(
    verb: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    _does(verb, CliError("no such site", where="shop", fix="headwater sites list"))
    assert _run("try") == ExitCode.FAILED
    said = capsys.readouterr().err
    assert said == "error: no such site\nwhere: shop\nfix: headwater sites list\n"


def test_failed_checks_have_their_own_code(verb: ModuleType) -> None:
    _does(verb, ChecksFailed("not well"))
    assert _run("try") == ExitCode.CHECKS_FAILED


def test_an_unforeseen_fault_shows_no_traceback(
    verb: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    _does(verb, RuntimeError("boom"))
    assert _run("try") == ExitCode.FAILED
    said = capsys.readouterr().err
    assert "boom" in said
    assert "Traceback" not in said


def test_debug_shows_the_traceback(verb: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    _does(verb, RuntimeError("boom"))
    assert _run("--debug", "try") == ExitCode.FAILED
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("nonsense",), ("status", "--nonsense")])
def test_wrong_words_are_a_usage_error(words: tuple[str, ...]) -> None:
    assert _run(*words) == ExitCode.USAGE


def test_ctrl_c_is_no_fault(verb: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    _does(verb, KeyboardInterrupt())
    assert _run("try") == ExitCode.FAILED
    assert capsys.readouterr().err.strip().endswith("stopped")


def test_home_comes_from_the_environment() -> None:
    assert load_config({"HEADWATER_HOME": "/some/home"}).home == Path("/some/home")
    assert load_config({}).home == Path("~/.headwater").expanduser()
    assert not load_config({"NO_COLOR": "1"}).is_color_wanted
