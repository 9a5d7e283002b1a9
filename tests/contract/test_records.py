"""Examples pass or fail as their names say; every record is used; every name follows the style."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.load import FOLDER, RECORDS, TABLES, TOPICS
from schemas.loaders.records import Kind, Record
from schemas.session_id import session_id
from schemas.wire import problems

SITE_SETTINGS = {"exclude_bots"}  # a setting is named as the order it gives
SHARES = {"credit"}  # exact like money, but a share of 1
EXAMPLES = sorted((FOLDER / "examples").glob("*/*.json"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_example_is_what_its_name_says(path: Path) -> None:
    found = problems(RECORDS[path.parent.name], json.loads(path.read_text("utf-8")))
    expected = path.stem.rpartition(".")[2]
    assert expected in ("pass", "fail")
    assert bool(found) == (expected == "fail"), found


def test_session_id_has_one_case_file() -> None:
    cases = json.loads((FOLDER / "examples" / "session_id.json").read_text("utf-8"))
    for case in cases:
        made = session_id(case["site_id"], case["visitor_id"], case["first_event_ms"])
        assert made == case["session_id"]


def test_every_record_is_kept_or_sent_somewhere() -> None:
    used = {name for topic in TOPICS.values() for name in topic.records}
    used |= {table.record for table in TABLES.values()}
    used |= {record.extends for record in RECORDS.values() if record.extends}
    assert used == set(RECORDS)


@pytest.mark.parametrize("record", RECORDS.values(), ids=lambda record: record.name)
def test_names_tell_types(record: Record) -> None:
    assert list(_misnamed(record)) == []


def _misnamed(record: Record) -> Iterator[str]:
    for field in record.fields:
        if re.fullmatch(r"[a-z][a-z0-9_]*", field.name) is None:
            yield f"{field.name}: not snake_case"
        if field.name.endswith("_at") != (field.kind is Kind.TIMESTAMP_MS):
            yield f"{field.name}: `_at` is for times, and times end so"
        if field.name.endswith("_date") != (field.kind is Kind.DATE):
            yield f"{field.name}: `_date` is for days, and days end so"
        is_claim = field.name.startswith(("is_", "has_")) or field.name in SITE_SETTINGS
        if is_claim != (field.kind is Kind.BOOLEAN):
            yield f"{field.name}: `is_`, `has_` are for booleans, and booleans start so"
        is_exact = field.kind is Kind.DECIMAL and field.name not in SHARES
        if field.name.endswith("_amount") != is_exact:
            yield f"{field.name}: `_amount` is for money, and money ends so"
        if not field.doc.endswith("."):
            yield f"{field.name}: its doc is no sentence"
