"""The Iceberg catalog `lake`: one object renders its properties for Flink, Trino and pyiceberg.

Locally the catalog is a JDBC catalog on Postgres (docs/decisions/0008); an address that starts
with http is a REST catalog. Standard library only, so that every program can use it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

# TRICKY: the catalog's name is part of the row key in the JDBC catalog. Another name in one
# engine and that engine sees another, empty catalog.
CATALOG_NAME: Final = "lake"
SCHEMA_NAME: Final = "web"


class CatalogError(Exception):
    """The catalog's settings are missing or wrong: says which variable and what it needs."""


@dataclass(frozen=True)
class Catalog:
    """Where the catalog is and where its files lie. `credential` is for REST catalogs only."""

    url: str
    warehouse: str
    credential: str | None = None

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Catalog":
        """Read HEADWATER_CATALOG_URL, HEADWATER_WAREHOUSE and HEADWATER_CATALOG_CREDENTIAL."""
        url, warehouse = env.get("HEADWATER_CATALOG_URL"), env.get("HEADWATER_WAREHOUSE")
        if not url or urlsplit(url).scheme not in ("postgresql", "http", "https"):
            raise CatalogError(
                f"HEADWATER_CATALOG_URL is {_hidden(url)}; "
                "set it to postgresql://user:password@host:port/database or https://rest-catalog"
            )
        if not warehouse:
            raise CatalogError(
                "HEADWATER_WAREHOUSE is not set; set it to file:///folder or s3://bucket/folder"
            )
        return cls(url, warehouse, env.get("HEADWATER_CATALOG_CREDENTIAL") or None)

    @property
    def is_rest(self) -> bool:
        """True if the catalog is a REST service rather than a database."""
        return urlsplit(self.url).scheme != "postgresql"

    def flink_options(self) -> dict[str, str]:
        """Return the options of `CREATE CATALOG lake WITH (...)`."""
        if self.is_rest:
            rest = {"type": "iceberg", "catalog-type": "rest", "uri": self.url}
            return rest | self._rest_rest()
        return {
            "type": "iceberg",
            "catalog-impl": "org.apache.iceberg.jdbc.JdbcCatalog",
            "uri": self._jdbc_url(),
            "jdbc.user": self._user(),
            "jdbc.password": self._password(),
            "jdbc.schema-version": "V1",
            "warehouse": self.warehouse,
        }

    def trino_properties(self) -> dict[str, str]:
        """Return the lines of Trino's `catalog/lake.properties`."""
        return {"connector.name": "iceberg"} | self._trino_catalog() | self._trino_files()

    def pyiceberg_properties(self) -> dict[str, str]:
        """Return the keywords of `pyiceberg.catalog.load_catalog(CATALOG_NAME, **properties)`."""
        if self.is_rest:
            return {"type": "rest", "uri": self.url} | self._rest_rest()
        address = self.url.replace("postgresql://", "postgresql+psycopg://", 1)
        return {"type": "sql", "uri": address, "warehouse": self.warehouse}

    def _rest_rest(self) -> dict[str, str]:
        credential = {"credential": self.credential} if self.credential else {}
        return {"warehouse": self.warehouse} | credential

    def _trino_catalog(self) -> dict[str, str]:
        if self.is_rest:
            security = {
                "iceberg.rest-catalog.security": "OAUTH2",
                "iceberg.rest-catalog.oauth2.credential": self.credential or "",
            }
            return {
                "iceberg.catalog.type": "rest",
                "iceberg.rest-catalog.uri": self.url,
                "iceberg.rest-catalog.warehouse": self.warehouse,
            } | (security if self.credential else {})
        prefix = "iceberg.jdbc-catalog."
        return {
            "iceberg.catalog.type": "jdbc",
            f"{prefix}driver-class": "org.postgresql.Driver",
            f"{prefix}connection-url": self._jdbc_url(),
            f"{prefix}connection-user": self._user(),
            f"{prefix}connection-password": self._password(),
            f"{prefix}catalog-name": CATALOG_NAME,
            f"{prefix}default-warehouse-dir": self.warehouse,
        }

    def _trino_files(self) -> dict[str, str]:
        if urlsplit(self.warehouse).scheme in ("file", ""):
            return {"fs.native-local.enabled": "true", "local.location": "/"}
        return {"fs.native-s3.enabled": "true"}

    def _jdbc_url(self) -> str:
        parts = urlsplit(self.url)
        return f"jdbc:postgresql://{parts.hostname}:{parts.port or 5432}{parts.path}"

    def _user(self) -> str:
        return unquote(urlsplit(self.url).username or "")

    def _password(self) -> str:
        return unquote(urlsplit(self.url).password or "")


def _hidden(url: str | None) -> str:
    """Return the address without its password, fit for an error message."""
    if not url:
        return "not set"
    password = urlsplit(url).password
    return url.replace(password, "***") if password else url
