"""Folders of batch tables hold together, or say what does not."""

from pathlib import Path

import pytest

from pipelines.batch.definitions import SWITCH
from pipelines.batch.errors import WrongTable
from pipelines.batch.restate import MODELS
from pipelines.batch.tables import BATCH_TABLES, load_tables
from schemas.load import TABLES


def _table(folder: Path, name: str, text: str) -> None:
    (folder / name).mkdir()
    (folder / name / "table.toml").write_text(text)


def test_every_table_that_batch_writes_has_a_folder() -> None:
    assert set(BATCH_TABLES) == {t.name for t in TABLES.values() if t.writer == "batch"}


def test_tables_come_after_what_they_read() -> None:
    order = list(BATCH_TABLES)
    for table in BATCH_TABLES.values():
        for name in table.contract.depends_on:
            assert name not in order or order.index(name) < order.index(table.name)


def test_the_switch_depends_on_every_table_of_a_day() -> None:
    written = {t.name for t in BATCH_TABLES.values() if t.query or t.name in MODELS} - {SWITCH}
    assert set(BATCH_TABLES[SWITCH].contract.depends_on) == written


def test_a_folder_without_a_table_is_refused(tmp_path: Path) -> None:
    _table(tmp_path, "events", 'grain="x"\nowner="y"\ndepends_on=[]')
    with pytest.raises(WrongTable, match="written by batch"):
        load_tables(tmp_path)


def test_an_unknown_dependency_is_refused(tmp_path: Path) -> None:
    _table(tmp_path, "daily_site", 'grain="x"\nowner="y"\ndepends_on=["nothing"]')
    with pytest.raises(WrongTable, match="depends on nothing, which is no table"):
        load_tables(tmp_path)


def test_a_circle_is_refused(tmp_path: Path) -> None:
    _table(tmp_path, "daily_site", 'grain="x"\nowner="y"\ndepends_on=["visitor_days"]')
    _table(tmp_path, "visitor_days", 'grain="x"\nowner="y"\ndepends_on=["daily_site"]')
    with pytest.raises(WrongTable, match="circle"):
        load_tables(tmp_path)


def test_checks_without_their_sql_are_refused(tmp_path: Path) -> None:
    check = '[[checks]]\nmeasure="m"\nsays="s"\nmax=0'
    _table(tmp_path, "daily_site", f'grain="x"\nowner="y"\ndepends_on=[]\n{check}')
    with pytest.raises(WrongTable, match=r"checks\.sql go together"):
        load_tables(tmp_path)
