"""Files and functions stay readable: caps of the house style, exceptions with their reason."""

import ast
from collections.abc import Iterator
from typing import Final

from tests.lint.source import ROOMS, files, named, tree

FILE_CAP: Final = 400
FUNCTION_CAP: Final = 50
SQL_CAP: Final = 150
SCREEN: Final = 60  # a topic file or a job.toml is one screen

# "<file>" or "<file>:<function>" -> why it may be longer.
EXCEPTIONS: Final[dict[str, str]] = {
    "pipelines/flink_jobs/detect_friction/job.sql": "a table has one writing job, a statement one "
    "file: bursts of clicks and forms end in the same columns",
}


def _lines(text: str) -> int:
    return len(text.splitlines())


def _functions() -> Iterator[tuple[str, int]]:
    """Yield every function with its length in lines, docstring left out."""
    for path in files(".py"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                doc = node.body[0] if ast.get_docstring(node) else None
                doc_lines = doc.end_lineno - doc.lineno + 1 if doc and doc.end_lineno else 0
                yield f"{named(path)}:{node.name}", node.end_lineno - node.lineno + 1 - doc_lines


def _too_long(sizes: Iterator[tuple[str, int]], cap: int) -> dict[str, int]:
    return {name: size for name, size in sizes if size > cap and name not in EXCEPTIONS}


def _files(suffix: str, *folders: str) -> Iterator[tuple[str, int]]:
    return ((named(path), _lines(path.read_text("utf-8"))) for path in files(suffix, *folders))


def test_python_files_are_short() -> None:
    assert _too_long(_files(".py"), FILE_CAP) == {}


def test_functions_are_short() -> None:
    assert _too_long(_functions(), FUNCTION_CAP) == {}


def test_sql_files_are_short() -> None:
    assert _too_long(_files(".sql", *ROOMS), SQL_CAP) == {}


def test_topics_and_jobs_fit_on_a_screen() -> None:
    assert _too_long(_files(".toml", "schemas/topics"), SCREEN) == {}
    assert _too_long(_files("job.toml", "pipelines/flink_jobs"), SCREEN) == {}


def test_every_exception_is_still_needed() -> None:
    everything = dict(_files(".py")) | dict(_functions()) | dict(_files(".sql"))
    assert {name for name in EXCEPTIONS if name not in everything} == set()


def test_there_is_something_to_look_at() -> None:
    assert len(list(_functions())) > 100
