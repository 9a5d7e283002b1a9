"""Create and migrate the Iceberg tables of schema `web`: `python -m pipelines.lake.tables`.

A table that exists is only ever added to: new nullable columns, comments, properties. Running
it again changes nothing.
"""

import sys
from typing import Final

from pyiceberg.catalog import Catalog as Iceberg
from pyiceberg.catalog import load_catalog
from pyiceberg.exceptions import NamespaceAlreadyExistsError, NoSuchTableError
from pyiceberg.table import Table as IcebergTable
from pyiceberg.types import NestedField
from sqlalchemy.exc import OperationalError

from pipelines.catalog import Catalog
from pipelines.lake.columns import (
    comment,
    iceberg_type,
    is_required,
    partition_name,
    partition_spec_of,
    schema_of,
    sort_order_of,
)
from pipelines.lake.config import load_config
from pipelines.lake.errors import IncompatibleTable, LakeError, LakeUnavailable
from schemas.load import RECORDS, TABLES
from schemas.loaders.records import Record
from schemas.loaders.tables import Table

NAMESPACES: Final = ("web", "analytics")


def main() -> int:
    """Bring every table up to schemas/; say what was done."""
    try:
        with open_catalog(load_config().catalog) as iceberg:
            for name, done in create_all(iceberg).items():
                sys.stdout.write(f"web.{name}: {done}\n")
    except LakeError as error:
        sys.stderr.write(f"tables: {error}\n")
        return 1
    return 0


def open_catalog(catalog: Catalog) -> Iceberg:
    """Open the catalog for pyiceberg; its own two tables are made on first use.

    Whoever opens it closes it (`with`): it keeps connections to Postgres.
    Raises LakeUnavailable when its Postgres does not answer.
    """
    try:
        return load_catalog("lake", **catalog.pyiceberg_properties())
    except OperationalError as error:
        raise LakeUnavailable(
            f"The lake's catalog does not answer: {str(error.orig).strip().splitlines()[0]} "
            "See `headwater status`."
        ) from error


def create_all(iceberg: Iceberg) -> dict[str, str]:
    """Create or migrate all tables; return by name `created`, `changed` or `as it should be`."""
    for namespace in NAMESPACES:
        try:
            iceberg.create_namespace(namespace)
        except NamespaceAlreadyExistsError:
            continue
    return {table.name: create(iceberg, table, RECORDS[table.record]) for table in TABLES.values()}


def create(iceberg: Iceberg, table: Table, record: Record) -> str:
    """Create one table, or migrate it; raises IncompatibleTable."""
    try:
        return _migrate(iceberg.load_table(("web", table.name)), table, record)
    except NoSuchTableError:
        schema = schema_of(table, record)
        iceberg.create_table(
            ("web", table.name),
            schema=schema,
            partition_spec=partition_spec_of(table, schema),
            sort_order=sort_order_of(table, schema),
            properties={**table.properties, "comment": table.doc},
        )
        return "created"


def _migrate(existing: IcebergTable, table: Table, record: Record) -> str:
    if differences := incompatibilities(existing, table, record):
        raise IncompatibleTable(table.name, differences)
    before = existing.metadata
    columns = {field.name: field for field in existing.schema().fields}
    with existing.transaction() as change:
        if news := _new_properties(existing, table):
            change.set_properties(news)
        with change.update_schema() as schema:
            for field in record.fields:
                if field.name not in columns:
                    schema.add_column(field.name, iceberg_type(field), comment(field))
                    continue
                if columns[field.name].doc != comment(field):
                    schema.update_column(field.name, doc=comment(field))
                if columns[field.name].required and not is_required(field, table):
                    schema.make_column_optional(field.name)
    return "as it should be" if existing.metadata == before else "changed"


def _new_properties(existing: IcebergTable, table: Table) -> dict[str, str]:
    """Return what a table still lacks; the format's version is no property once it is made."""
    wanted = {**table.properties, "comment": table.doc}
    wanted.pop("format-version", None)
    return {key: value for key, value in wanted.items() if existing.properties.get(key) != value}


def incompatibilities(existing: IcebergTable, table: Table, record: Record) -> list[str]:
    """Return what keeps a table from becoming what schemas/ says, empty if nothing does."""
    columns = {field.name: field for field in existing.schema().fields}
    wanted = [partition_name(part) for part in table.partitions]
    found = [field.name for field in existing.spec().fields]
    problems = [f"it is partitioned by {found}, not {wanted}"] if wanted != found else []
    for field in record.fields:
        column = columns.pop(field.name, None)
        if column is None and is_required(field, table):
            problems.append(f"the new column {field.name} must be nullable")
        if column is not None and column.field_type != iceberg_type(field):
            problems.append(
                f"column {field.name} is {column.field_type}, not {iceberg_type(field)}"
            )
    return problems + [_left_over(column) for column in columns.values() if column.required]


def _left_over(column: NestedField) -> str:
    return f"the record lost the required column {column.name}"


if __name__ == "__main__":
    sys.exit(main())
