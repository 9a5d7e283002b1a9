"""The four pieces of a record together are the record, each column once."""

import msgspec

from ingest_edge.event import Event
from ingest_edge.pieces import BatchPiece, ClientPiece, OwnPiece, PagePiece

MONEY = {"revenue_amount", "currency", "revenue_usd_amount"}


def test_every_column_stands_in_one_piece_and_is_left_out_alike() -> None:
    pieces = [
        field
        for piece in (ClientPiece, BatchPiece, PagePiece, OwnPiece)
        for field in msgspec.structs.fields(piece)
    ]
    found = {field.name: field.default for field in pieces}
    assert len(found) == len(pieces)
    columns = {field.name: field.default for field in msgspec.structs.fields(Event)}
    assert {name: columns[name] for name in columns if name not in MONEY} == found
