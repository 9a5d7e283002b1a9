"""Every query of the cookbook is one that Trino takes."""

import pytest

from pipelines.batch.restate import Lake
from tests.sql.cookbook import FOLDER, queries

PAGES = sorted(page.name for page in FOLDER.glob("*.md") if page.name != "README.md")


@pytest.mark.parametrize("page", PAGES)
def test_it_can_be_asked(lake: Lake, page: str) -> None:
    for query in queries(page, "nobody"):
        lake.trino.rows(query)


def test_the_first_page_lists_the_others() -> None:
    contents = (FOLDER / "README.md").read_text("utf-8")
    assert [page for page in PAGES if f"({page})" not in contents] == []
