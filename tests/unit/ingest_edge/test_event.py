"""The edge's event is record `event`, field by field."""

import typing
from decimal import Decimal

import msgspec

from ingest_edge.custody import RejectedEvent
from ingest_edge.event import Event, blank_event, encode
from ingest_edge.heartbeats import Heartbeat
from ingest_edge.pointers import PointerBatch
from schemas.load import RECORDS
from schemas.loaders.records import Field, Kind
from schemas.wire import problems

_TYPES = {
    Kind.STRING: str,
    Kind.INT: int,
    Kind.BOOLEAN: bool,
    Kind.TIMESTAMP_MS: int,
    Kind.DATE: str,
    Kind.DECIMAL: Decimal,
}


def _type(field: Field) -> object:
    plain = _TYPES[field.kind]
    return plain | None if field.is_nullable else plain


def test_event_has_the_fields_of_the_record_in_order_and_type() -> None:
    hints = typing.get_type_hints(Event)
    assert hints == {field.name: _type(field) for field in RECORDS["event"].fields}
    assert list(Event.__struct_fields__) == [field.name for field in RECORDS["event"].fields]


def test_heartbeat_and_refused_event_have_the_fields_of_their_records() -> None:
    for struct, name in ((Heartbeat, "heartbeat"), (RejectedEvent, "rejected_event")):
        fields = {field.name for field in RECORDS[name].fields}
        assert set(struct.__struct_fields__) == fields, name


def test_batch_of_pointers_has_the_fields_of_its_record_in_order_and_type() -> None:
    hints = typing.get_type_hints(PointerBatch)
    assert list(hints.items()) == [(f.name, _type(f)) for f in RECORDS["pointer_batch"].fields]


def test_event_without_a_decision_is_encoded_with_every_required_column() -> None:
    event = blank_event(site_id="s", sender="browser", received_at=5, sent_at=None)
    event.event_date, event.revenue_amount = "2026-01-01", Decimal("12.5000")
    value = msgspec.json.decode(encode(event))
    assert problems(RECORDS["event"], value) == []
    assert value["revenue_amount"] == "12.5000"
    assert value["is_bot"] is False
