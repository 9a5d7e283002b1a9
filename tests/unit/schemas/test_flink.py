"""Flink columns are made from records, type by type."""

from schemas.flink import row_columns, row_value, wire_columns
from schemas.load import RECORDS


def test_wire_and_row_types() -> None:
    event = RECORDS["event"]
    wire, row = wire_columns(event.fields), row_columns(event)
    assert "`event_at` BIGINT" in wire
    assert "`event_at` TIMESTAMP_LTZ(6)" in row
    assert "`event_date` STRING" in wire
    assert "`event_date` DATE" in row
    assert "`revenue_amount` DECIMAL(18, 4)" in wire


def test_values_turn_wire_into_row() -> None:
    event = RECORDS["event"]
    times = row_value(event.field("event_at"))
    assert times == "CAST(TO_TIMESTAMP_LTZ(`event_at`, 3) AS TIMESTAMP_LTZ(6))"
    assert row_value(event.field("event_date")) == "CAST(`event_date` AS DATE)"
    assert row_value(event.field("site_id")) == "`site_id`"
