"""What a table may become, and what stops it: on a catalog in memory."""

from dataclasses import replace
from pathlib import Path

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from pipelines.lake.errors import IncompatibleTable
from pipelines.lake.tables import create
from schemas.load import RECORDS, TABLES
from schemas.loaders.records import Field, Kind, Record

TABLE = TABLES["visitor_days"]
RECORD = RECORDS[TABLE.record]
NEW = Field("mood", Kind.STRING, "How the visitor felt.", 2, True)


@pytest.fixture
def catalog(tmp_path: Path) -> SqlCatalog:
    catalog = SqlCatalog("lake", uri="sqlite:///:memory:", warehouse=tmp_path.as_uri())
    catalog.create_namespace("web")
    assert create(catalog, TABLE, RECORD) == "created"
    return catalog


def changed(*fields: Field) -> Record:
    return replace(RECORD, fields=fields)


def column(catalog: SqlCatalog, name: str) -> tuple[str, bool, str | None]:
    field = catalog.load_table(("web", TABLE.name)).schema().find_field(name)
    return str(field.field_type), field.required, field.doc


def test_a_table_made_again_is_as_it_should_be(catalog: SqlCatalog) -> None:
    assert create(catalog, TABLE, RECORD) == "as it should be"


def test_a_table_has_its_partitions_order_comments_and_types(catalog: SqlCatalog) -> None:
    table = catalog.load_table(("web", TABLE.name))
    assert [field.name for field in table.spec().fields] == ["local_date_month"]
    assert len(table.sort_order().fields) == len(TABLE.sort_by)
    assert all(field.doc for field in table.schema().fields)
    assert column(catalog, "local_date")[:2] == ("date", True)


def test_a_new_nullable_column_is_added(catalog: SqlCatalog) -> None:
    assert create(catalog, TABLE, changed(*RECORD.fields, NEW)) == "changed"
    assert column(catalog, "mood") == ("string", False, "How the visitor felt.")


def test_a_new_comment_and_property_are_taken(catalog: SqlCatalog) -> None:
    fields = [replace(field, doc="Another word.") for field in RECORD.fields]
    table = replace(TABLE, properties={**TABLE.properties, "owner": "us"})
    assert create(catalog, table, changed(*fields)) == "changed"
    assert column(catalog, "visitor_id")[2] == "Another word."
    assert catalog.load_table(("web", TABLE.name)).properties["owner"] == "us"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ((*RECORD.fields, replace(NEW, is_nullable=False)), "new column mood must be nullable"),
        (
            tuple(replace(f, kind=Kind.STRING) for f in RECORD.fields),
            "column event_count is long, not string",
        ),
        (RECORD.fields[:-1], "lost the required column page_view_count"),
    ],
)
def test_what_is_no_addition_stops_with_the_column_named(
    catalog: SqlCatalog, fields: tuple[Field, ...], said: str
) -> None:
    with pytest.raises(IncompatibleTable, match=said):
        create(catalog, TABLE, changed(*fields))


def test_other_partitions_stop_it(catalog: SqlCatalog) -> None:
    with pytest.raises(IncompatibleTable, match="partitioned by"):
        create(catalog, replace(TABLE, partition_by=("day(local_date)",)), RECORD)


def test_columns_of_the_stream_are_never_required(catalog: SqlCatalog) -> None:
    assert create(catalog, TABLES["events"], RECORDS["event_row"]) == "created"
    fields = catalog.load_table(("web", "events")).schema().fields
    assert not any(field.required for field in fields)
