"""Filling and splitting SQL text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.flink_jobs.errors import BadJob
from pipelines.flink_jobs.script import fill, parameter_names, split


def test_parameters_are_filled_and_dollars_kept() -> None:
    assert fill("a ${x} '$$[0]'", {"x": "1"}, "job") == "a 1 '$[0]'"


def test_an_unknown_parameter_is_named() -> None:
    with pytest.raises(BadJob, match=r"collect: parameter \$\{y\} is not defined; known: x"):
        fill("${y}", {"x": "1"}, "collect")


def test_a_lone_dollar_is_an_error() -> None:
    with pytest.raises(BadJob, match=r"write \$\$"):
        fill("'$[0]'", {}, "job")


def test_parameter_names() -> None:
    assert parameter_names("${a} $$ ${b} ${a}") == {"a", "b"}


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("", []),
        (" ; ;\n", []),
        ("A; B", ["A", "B"]),
        ("A ';' B; C", ["A ';' B", "C"]),
        ("A 'it''s; here'; B", ["A 'it''s; here'", "B"]),
        ("A `;` B", ["A `;` B"]),
        ("A -- no; end\nB; C", ["A\nB", "C"]),
        ("A /* ; \n ; */ B", ["A  B"]),
        ("A '--' B; C", ["A '--' B", "C"]),
        ("A '/*' ; B '*/'", ["A '/*'", "B '*/'"]),
        ("-- it's a comment\nA; B", ["A", "B"]),
    ],
)
def test_split(text: str, statements: list[str]) -> None:
    assert split(text) == statements


WORDS = st.text(alphabet="ab ;-'`/*\n", max_size=12)


@given(st.lists(WORDS, min_size=1, max_size=4))
def test_quoted_texts_survive_splitting(words: list[str]) -> None:
    quoted = ["X '" + word.replace("'", "''").replace("\n", " ") + "'" for word in words]
    assert [part.rstrip() for part in split(";\n".join(quoted))] == [
        part.rstrip() for part in quoted
    ]
