"""A wrong file in schemas/ is refused with its place and its fault."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from schemas.load import FOLDER, RECORDS
from schemas.loaders.records import load_records
from schemas.loaders.rules import load_rules
from schemas.loaders.strict import SchemaError, build, read_json, read_toml
from schemas.loaders.tables import load_tables, parse_partition
from schemas.loaders.topics import load_topics


@dataclass(frozen=True)
class Inner:
    size: int


@dataclass(frozen=True)
class Outer:
    name: str
    rate: Decimal
    words: tuple[str, ...]
    inner: Inner
    sizes: Mapping[str, int]
    note: str | None = None


GOOD = {"name": "n", "rate": 1, "words": ["a"], "inner": {"size": 1}, "sizes": {"x": 2}}


def test_builds_nested_dataclasses() -> None:
    assert build(Outer, GOOD, "f") == Outer("n", Decimal(1), ("a",), Inner(1), {"x": 2}, None)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"surprise": 1}, "unknown key 'surprise'"),
        ({"name": 1}, "f: name: expected str, found 1"),
        ({"words": "a"}, "f: words: expected list"),
        ({"words": [1]}, "f: words: expected str"),
        ({"inner": {"size": True}}, "f: inner: size: expected int, found True"),
        ({"inner": {}}, "f: inner: key 'size' is missing"),
        ({"sizes": {"x": "2"}}, "f: sizes.x: expected int"),
    ],
)
def test_names_the_fault(change: dict[str, object], said: str) -> None:
    with pytest.raises(SchemaError) as refused:
        build(Outer, {**GOOD, **change}, "f")
    assert said in str(refused.value)


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("a = ")
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(SchemaError, match="bad.toml: not TOML"):
        read_toml(tmp_path / "bad.toml")
    with pytest.raises(SchemaError, match="bad.json: not JSON"):
        read_json(tmp_path / "bad.json")
    with pytest.raises(SchemaError, match="holds no object"):
        read_json(tmp_path / "list.json")


@pytest.mark.parametrize("text", ["day(event_at", "hour(event_at)", "day event_at", "Day(x)"])
def test_an_unknown_partition_is_refused(text: str) -> None:
    with pytest.raises(SchemaError, match="write a column"):
        parse_partition(text)


def test_a_rule_file_nobody_knows_is_refused(tmp_path: Path) -> None:
    for path in (FOLDER / "rules").glob("*.toml"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    (tmp_path / "weather.toml").write_text("rain = true")
    with pytest.raises(SchemaError, match="unknown key 'weather'"):
        load_rules(tmp_path)


def test_a_topic_with_an_unknown_record_is_refused(tmp_path: Path) -> None:
    text = (FOLDER / "topics" / "events.toml").read_text("utf-8")
    (tmp_path / "events.toml").write_text(text.replace('"heartbeat"', '"heart"'))
    with pytest.raises(SchemaError, match="no record 'heart'"):
        load_topics(tmp_path, RECORDS)


def test_a_table_with_an_unknown_column_is_refused(tmp_path: Path) -> None:
    for name in ("_defaults.toml", "events.toml"):
        text = (FOLDER / "tables" / name).read_text("utf-8")
        (tmp_path / name).write_text(text.replace('"site_id"', '"site"'))
    with pytest.raises(SchemaError, match="has no field 'site'"):
        load_tables(tmp_path, RECORDS)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"name": "r", "doc": "d", "version": 1, "fields": [], "extends": "q"}', "no record"),
        ('{"name": "x", "doc": "d", "version": 1, "fields": []}', "the file's name"),
        ('{"name": "r", "doc": "d", "version": 1, "fields": [], "color": 1}', "unknown keys"),
        (
            '{"name": "r", "doc": "d", "version": 1, "fields":'
            ' [{"name": "a", "type": "float", "since": 1, "doc": "A."}]}',
            "not one that every engine has",
        ),
        (
            '{"name": "r", "doc": "d", "version": 1, "fields":'
            ' [{"name": "a", "type": ["null", "int"], "since": 1, "doc": "A."}]}',
            "default null",
        ),
        (
            '{"name": "r", "doc": "d", "version": 1, "fields": [{"name": "a", "type": "int"}]}',
            "needs doc and since",
        ),
    ],
)
def test_a_wrong_record_is_refused(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "r.avsc").write_text(
        content.replace('"name": "r"', '"type": "record", "name": "r"')
    )
    with pytest.raises(SchemaError) as refused:
        load_records(tmp_path)
    assert said in str(refused.value)
