"""SQL made from records."""

import pytest

from pipelines.flink_jobs.columns import columns
from pipelines.flink_jobs.errors import BadJob
from schemas.load import RECORDS
from schemas.loaders.records import Field, Kind, Record

SMALL = Record(
    "small",
    3,
    "A record.",
    (
        Field("id", Kind.STRING, "d", 1, False),
        Field("kind", Kind.STRING, "d", 1, False, symbols=("a", "b")),
        Field("happened_at", Kind.TIMESTAMP_MS, "d", 1, False),
        Field("local_date", Kind.DATE, "d", 1, False),
        Field("price_amount", Kind.DECIMAL, "d", 1, True, precision=18, scale=4),
    ),
)
KNOWN = {"small": SMALL}


def test_wire_and_text_differ_in_decimals_only() -> None:
    wire, text = columns("wire small", KNOWN), columns("text small", KNOWN)
    assert "`price_amount` DECIMAL(18, 4)" in wire
    assert "`price_amount` STRING" in text
    assert wire.splitlines()[:-1] == text.splitlines()[:-1]


def test_decimals_are_written_as_text() -> None:
    assert "CAST(`price_amount` AS STRING)" in columns("text_values small", KNOWN)


def test_a_time_that_no_table_holds_becomes_null() -> None:
    values = columns("row_values small", KNOWN)
    assert "CASE WHEN `happened_at` BETWEEN 0 AND 253402300799999 THEN" in values
    assert "TRY_CAST(`local_date` AS DATE) AS `local_date`" in values


def test_missing_names_required_columns_only() -> None:
    text = columns("missing small", KNOWN)
    assert "THEN 'id'" in text
    assert "`kind` NOT IN ('a', 'b')" in text
    assert "`happened_at` NOT BETWEEN 0" in text
    assert "price_amount" not in text


def test_every_column_of_an_event_has_a_name_a_value_and_a_place_in_json() -> None:
    fields = RECORDS["event"].fields
    for shape in ("names", "text_values"):
        assert len(columns(f"{shape} event", RECORDS).split(",\n")) == len(fields)
    assert columns("json event", RECORDS).count(" VALUE ") == len(fields)
    assert columns("header event", RECORDS) == "event.1"


@pytest.mark.parametrize("request_text", ["wire nothing", "shape event", "wire", ""])
def test_a_wrong_request_lists_the_shapes(request_text: str) -> None:
    with pytest.raises(BadJob, match="write one of wire, names"):
        columns(request_text, RECORDS)


def test_some_columns_of_a_record_in_its_own_order() -> None:
    assert columns("names event: event_at, site_id", RECORDS) == "    `site_id`,\n    `event_at`"
    with pytest.raises(BadJob, match="event has no 'shoe_size'"):
        columns("names event: site_id, shoe_size", RECORDS)
