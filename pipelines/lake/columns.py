"""Iceberg's side of a record: types, schema, partition spec and sort order."""

from typing import Final

from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import SortField, SortOrder
from pyiceberg.transforms import (
    DayTransform,
    IdentityTransform,
    MonthTransform,
    Transform,
)
from pyiceberg.types import (
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    IcebergType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    TimestamptzType,
)

from schemas.loaders.records import Field, Kind, Record
from schemas.loaders.tables import Partition, Table

_TYPES: Final[dict[Kind, IcebergType]] = {
    Kind.STRING: StringType(),
    Kind.INT: IntegerType(),
    Kind.LONG: LongType(),
    Kind.BOOLEAN: BooleanType(),
    Kind.DOUBLE: DoubleType(),
    Kind.TIMESTAMP_MS: TimestamptzType(),
    Kind.DATE: DateType(),
}
_FIRST_PARTITION_ID: Final = 1000  # Iceberg's own convention


def iceberg_type(field: Field) -> IcebergType:
    """Return the column type that all three engines read alike."""
    if field.kind is Kind.DECIMAL:
        return DecimalType(field.precision or 18, field.scale or 0)
    return _TYPES[field.kind]


def comment(field: Field) -> str:
    """Return the column's comment: what it means, and its unit."""
    return f"{field.doc} Unit: {field.unit}." if field.unit else field.doc


def is_required(field: Field, table: Table) -> bool:
    """Whether Iceberg itself refuses a null in this column.

    Only where batch writes. TRICKY: in front of a required column Flink puts an enforcer that
    stops the job at the first null, where collect_events would set the record aside.
    """
    return table.writer == "batch" and not field.is_nullable


def schema_of(table: Table, record: Record) -> Schema:
    """Return the Iceberg schema of a new table."""
    return Schema(
        *(
            NestedField(
                field_id=number,
                name=field.name,
                field_type=iceberg_type(field),
                required=is_required(field, table),
                doc=comment(field),
            )
            for number, field in enumerate(record.fields, 1)
        )
    )


def partition_spec_of(table: Table, schema: Schema) -> PartitionSpec:
    """Return the hidden partitions of a new table; spec 0 without fields if it has none."""
    return PartitionSpec(
        *(
            PartitionField(
                source_id=schema.find_field(part.column).field_id,
                field_id=_FIRST_PARTITION_ID + number,
                transform=_transform(part),
                name=partition_name(part),
            )
            for number, part in enumerate(table.partitions)
        )
    )


def partition_name(part: Partition) -> str:
    """Return the name of a partition field: `event_at_day`, `local_date_month`, `kind`."""
    return part.column if part.transform == "identity" else f"{part.column}_{part.transform}"


def sort_order_of(table: Table, schema: Schema) -> SortOrder:
    """Return the order that compaction writes rows in."""
    return SortOrder(
        *(
            SortField(
                source_id=schema.find_field(column).field_id,
                transform=IdentityTransform(),
            )
            for column in table.sort_by
        )
    )


def _transform(part: Partition) -> Transform[int, int]:
    transforms: dict[str, Transform[int, int]] = {
        "identity": IdentityTransform(),
        "day": DayTransform(),
        "month": MonthTransform(),
    }
    return transforms[part.transform]
