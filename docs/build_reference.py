"""Write docs/reference/*.md from schemas/ and cli/. `make docs` runs it; CI fails when stale."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from cli.reference import cli_page
from ingest_edge import openapi
from schemas.load import FOLDER, RECORDS, TABLES, TOPICS
from schemas.loaders.records import Field, Record
from schemas.loaders.tables import Table
from serving.reference import api_page, metrics_page

REFERENCE: Final = Path(__file__).parent / "reference"
NOTICE: Final = "<!-- Made by docs/build_reference.py from schemas/. Do not edit. -->"


def tables_page() -> str:
    """Return the page that describes every table of schema `web`, column by column."""
    parts = [f"{NOTICE}\n# Tables\n\nSchema `web`. People use the views in `analytics`."]
    parts += [_table(table) for table in TABLES.values()]
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    kept = f"{table.keep_days} days" if table.keep_days else "for good"
    facts = (
        f"{table.doc} Written by `{table.writer}`, owned by {table.owner}, kept {kept}; "
        f"partitioned by {_list(table.partition_by)}, sorted by {_list(table.sort_by)}."
    )
    return f"## {table.name}\n\n{facts}\n\n{_columns(RECORDS[table.record].fields)}"


def topics_page() -> str:
    """Return the page that describes every topic: who writes, who reads, what it holds."""
    parts = [f"{NOTICE}\n# Topics"]
    for topic in TOPICS.values():
        parts.append(
            f"## {topic.name}\n\n{topic.doc}\n\n"
            "| written by | read by | key | records | partitions | kept |\n"
            "|---|---|---|---|---|---|\n"
            f"| {topic.producer} | {', '.join(topic.consumers)} | `{topic.key}` "
            f"| {_list(topic.records)} | {topic.partitions} | {topic.retention_hours} h |"
        )
    sent = sorted({name for topic in TOPICS.values() for name in topic.records})
    parts.append("# Records")
    parts += [_record(RECORDS[name]) for name in sent]
    return "\n\n".join(parts) + "\n"


def _record(record: Record) -> str:
    base, own = "", record.fields
    if record.extends:
        base = f" Begins with the fields of `{record.extends}`."
        own = record.fields[len(RECORDS[record.extends].fields) :]
    facts = f"{record.doc}{base} Header `schema={record.header}`."
    return f"## {record.name}\n\n{facts}\n\n{_columns(own)}"


def rules_page() -> str:
    """Return the page that shows every rule file as it stands."""
    parts = [f"{NOTICE}\n# Rules\n\nEvery threshold of the product, as the programs read it."]
    for path in sorted((FOLDER / "rules").glob("*.toml")):
        parts.append(f"## {path.name}\n\n```toml\n{path.read_text('utf-8').strip()}\n```")
    return "\n\n".join(parts) + "\n"


def _columns(fields: Iterable[Field]) -> str:
    rows = (
        f"| `{field.name}` | {field.kind.value}{'' if field.is_nullable else ', required'} "
        f"| {field.doc}{f' ({field.unit})' if field.unit else ''} |"
        for field in fields
    )
    return "\n".join(("| column | type | meaning |", "|---|---|---|", *rows))


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nothing"


def pages() -> Mapping[str, str]:
    """Return file name -> text of all generated pages."""
    return {
        "tables.md": tables_page(),
        "topics.md": topics_page(),
        "rules.md": rules_page(),
        "cli.md": cli_page(),
        "metrics.md": f"{NOTICE}\n{metrics_page()}",
        "edge-openapi.json": openapi.text(),
        "api.md": f"{NOTICE}\n{api_page()}",
    }


def main() -> None:
    """Write the pages."""
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, "utf-8")
        sys.stderr.write(f"docs/reference/{name} written\n")


if __name__ == "__main__":
    main()
