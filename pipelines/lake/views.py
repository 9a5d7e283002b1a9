"""Create the views of schema `analytics` through Trino: `python -m pipelines.lake.views`.

A view is a file of schemas/views/. Its header says what one row is and which records describe
its columns; both become comments. Running it again changes only what differs.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from graphlib import TopologicalSorter
from hashlib import sha256
from pathlib import Path
from typing import Final

from pipelines.lake.config import load_config
from pipelines.lake.errors import LakeError
from pipelines.lake.sql import SqlFile, WrongSql, read_sql
from pipelines.lake.trino import Trino
from schemas.load import RECORDS

FOLDER: Final = Path(__file__).parents[2] / "schemas" / "views"
_USED: Final = re.compile(r"lake\.analytics\.([a-z_]+)")
_OWN_COLUMN: Final = re.compile(r"Column (\w+): (.+)")


def main() -> int:
    """Create or replace every view; say what was done."""
    try:
        for name, done in create_all(Trino(load_config().trino_url)).items():
            sys.stdout.write(f"analytics.{name}: {done}\n")
    except LakeError as error:
        sys.stderr.write(f"views: {error}\n")
        return 1
    return 0


def load_views(folder: Path = FOLDER) -> list[SqlFile]:
    """Return all views, each after those it reads."""
    files = {path.stem: read_sql(path) for path in sorted(folder.glob("*.sql"))}
    uses = {name: set(_USED.findall(file.text)) for name, file in files.items()}
    return [files[name] for name in TopologicalSorter(uses).static_order()]


def create_all(trino: Trino) -> dict[str, str]:
    """Bring all views up to their files; return by name `created` or `as it should be`."""
    trino.rows("CREATE SCHEMA IF NOT EXISTS lake.analytics")
    views, comments = load_views(), _view_comments(trino)
    changed = [view for view in views if comments.get(view.name) != view_comment(view)]
    for view in changed:
        trino.rows(f"CREATE OR REPLACE VIEW {_full(view)} SECURITY INVOKER AS\n{view.text}")
    with ThreadPoolExecutor(max_workers=4) as threads:  # 40 ms a comment, 200 comments
        list(threads.map(lambda view: _comment(trino, view), changed))
    done = {view.name for view in changed}
    return {view.name: "created" if view.name in done else "as it should be" for view in views}


def view_comment(view: SqlFile) -> str:
    """Return what a row is, and the file's digest: by it the next start knows the view."""
    digest = sha256("\n".join((view.text, *view.header)).encode()).hexdigest()[:8]
    return f"One row: {view.one_row} [{digest}]"


def _view_comments(trino: Trino) -> dict[str, str]:
    found = trino.rows(
        "SELECT table_name, comment FROM system.metadata.table_comments"
        " WHERE catalog_name = 'lake' AND schema_name = 'analytics'"
    )
    return {row["table_name"]: row["comment"] for row in found}


def _comment(trino: Trino, view: SqlFile) -> None:
    """Describe the columns, then the view: a start that dies between does both again."""
    columns = [row["Column"] for row in trino.rows(f"DESCRIBE {_full(view)}")]
    for column, text in comments_of(view, columns).items():
        trino.rows(f"COMMENT ON COLUMN {_full(view)}.{column} IS {_quoted(text)}")
    trino.rows(f"COMMENT ON VIEW {_full(view)} IS {_quoted(view_comment(view))}")


def _full(view: SqlFile) -> str:
    return f"lake.analytics.{view.name}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def comments_of(view: SqlFile, columns: Iterable[str]) -> Mapping[str, str]:
    """Return the comment of each column, from the header or from the records it names.

    Raises WrongSql naming the first column that nothing describes.
    """
    own = {
        match[1]: match[2] for line in view.header if (match := _OWN_COLUMN.match(line)) is not None
    }
    described = {
        field.name: field.doc for name in view.said("Columns") for field in RECORDS[name].fields
    } | own
    for column in columns:
        if column not in described:
            raise WrongSql(f"schemas/views/{view.name}.sql: nothing describes column {column}")
    return {column: described[column] for column in columns}


if __name__ == "__main__":
    sys.exit(main())
