"""One catalog, three engines."""

import pytest

from pipelines.catalog import Catalog, CatalogError

JDBC = Catalog("postgresql://me:p%40ss@db:5433/lake_catalog", "file:///home/warehouse")
REST = Catalog("https://catalog.example/v1", "s3://bucket/lake", "id:secret")


def test_flink_has_the_jdbc_catalog_with_the_schema_that_pyiceberg_makes() -> None:
    assert JDBC.flink_options() == {
        "type": "iceberg",
        "catalog-impl": "org.apache.iceberg.jdbc.JdbcCatalog",
        "uri": "jdbc:postgresql://db:5433/lake_catalog",
        "jdbc.user": "me",
        "jdbc.password": "p@ss",
        "jdbc.schema-version": "V1",
        "warehouse": "file:///home/warehouse",
    }


def test_all_engines_name_the_catalog_alike() -> None:
    assert JDBC.trino_properties()["iceberg.jdbc-catalog.catalog-name"] == "lake"


def test_pyiceberg_keeps_the_password_as_it_stands_in_the_address() -> None:
    properties = JDBC.pyiceberg_properties()
    assert properties["uri"] == "postgresql+psycopg://me:p%40ss@db:5433/lake_catalog"
    assert properties["type"] == "sql"


def test_files_decide_how_trino_reads_them() -> None:
    assert JDBC.trino_properties()["fs.native-local.enabled"] == "true"
    assert REST.trino_properties()["fs.native-s3.enabled"] == "true"


def test_a_rest_catalog_needs_no_other_change() -> None:
    assert REST.flink_options()["catalog-type"] == "rest"
    assert REST.trino_properties()["iceberg.catalog.type"] == "rest"
    assert REST.pyiceberg_properties() == {
        "type": "rest",
        "uri": "https://catalog.example/v1",
        "warehouse": "s3://bucket/lake",
        "credential": "id:secret",
    }
    assert "credential" not in Catalog(REST.url, REST.warehouse).flink_options()


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({}, "HEADWATER_CATALOG_URL is not set; set it to postgresql://"),
        ({"HEADWATER_CATALOG_URL": "mysql://u:hidden@h/d"}, r"is mysql://u:\*\*\*@h/d"),
        ({"HEADWATER_CATALOG_URL": "postgresql://h/d"}, "HEADWATER_WAREHOUSE is not set"),
    ],
)
def test_a_wrong_setting_is_named_without_its_password(env: dict[str, str], message: str) -> None:
    with pytest.raises(CatalogError, match=message) as raised:
        Catalog.from_env(env)
    assert "hidden" not in str(raised.value)


def test_from_env() -> None:
    env = {"HEADWATER_CATALOG_URL": JDBC.url, "HEADWATER_WAREHOUSE": JDBC.warehouse}
    assert Catalog.from_env(env) == JDBC
