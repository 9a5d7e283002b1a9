"""No record may break what a release wrote or reads (schemas/avro/history)."""

import dataclasses

import pytest

from schemas.compatibility import breaks
from schemas.load import FOLDER, RECORDS
from schemas.loaders.records import Field, Kind, Record, load_records

RELEASES = sorted(path for path in (FOLDER / "avro" / "history").iterdir() if path.is_dir())


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_current_records_follow_every_release(release: object) -> None:
    old = load_records(FOLDER / "avro" / "history" / str(getattr(release, "name", "")))
    found = [why for name, record in old.items() for why in breaks(record, RECORDS[name])]
    assert found == []


def _record(*fields: Field) -> Record:
    return Record("r", 1, "A record.", fields)


WORD = Field("word", Kind.STRING, "A word.", 1, is_nullable=False, symbols=("a", "b"))
COUNT = Field("count", Kind.INT, "A count.", 1, is_nullable=True)


@pytest.mark.parametrize(
    ("after", "why"),
    [
        ((WORD,), "removed"),
        ((WORD, dataclasses.replace(COUNT, is_nullable=False)), "became required"),
        ((WORD, dataclasses.replace(COUNT, kind=Kind.STRING)), "type changed"),
        ((dataclasses.replace(WORD, symbols=("a",)), COUNT), "symbols"),
        ((WORD, COUNT, dataclasses.replace(WORD, name="new")), "not nullable"),
    ],
)
def test_a_breaking_change_is_named(after: tuple[Field, ...], why: str) -> None:
    assert why in breaks(_record(WORD, COUNT), _record(*after))[0]


def test_a_compatible_change_passes() -> None:
    wider = dataclasses.replace(COUNT, kind=Kind.LONG)
    more = dataclasses.replace(WORD, symbols=("a", "b", "c"))
    new = dataclasses.replace(COUNT, name="new")
    assert breaks(_record(WORD, COUNT), _record(more, wider, new)) == []
