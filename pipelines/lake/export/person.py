"""Packs all that is held of one person into a zip: a file of JSON lines for each kind of row.

Memory is that of some rows and of one piece of a recording, however much there is.
"""

import gzip
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import IO, Final

from pipelines.blobs import BlobError, Blobs
from pipelines.lake.export.files import Told, write_rows
from pipelines.lake.export.parts import RECORDINGS, Part, parts
from pipelines.lake.export.readme import Held, readme
from pipelines.lake.persons import Person
from pipelines.lake.sql import bind, read_sql
from pipelines.lake.trino import Stream, Trino
from schemas.exports import Format

_FOLDER: Final = Path(__file__).parent
_GZIP: Final = ".gz"


@dataclass(frozen=True)
class Archive:
    """Where the person's data comes from, and how long recordings of the site are kept."""

    trino: Trino
    blobs: Blobs | None
    recordings_days: int


def pack(
    archive: Archive, person: Person, now: datetime, out: IO[bytes], told: Told = lambda _: None
) -> Held:
    """Write the zip and return what is in it; raises LakeError.

    Pieces of recordings that cannot be read are named in the README and in what returns.
    """
    held = Held(person, now, forgotten_at=_forgotten_at(archive.trino, person))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in parts():
            held.put(part, *_put_rows(archive.trino, person, part, packed, told))
        if RECORDINGS in held.lines:
            _put_recordings(archive, person, packed, held)
        packed.writestr("README.txt", readme(held, archive.recordings_days))
    return held


def _forgotten_at(trino: Trino, person: Person) -> datetime | None:
    of_person = person.holds(("visitor_id", "user_id"))
    sql = read_sql(_FOLDER / "asked_to_forget.sql", {"of_person": of_person}).text
    (row,) = trino.rows(*bind(sql, person.values()))
    found: datetime | None = row["requested_at"]
    return found


def _put_rows(
    trino: Trino, person: Person, part: Part, packed: zipfile.ZipFile, told: Told
) -> tuple[int, list[str]]:
    """Write one file, none without rows; return its lines and columns."""
    sql, values = part.statement(person, _columns(trino, part))
    with trino.stream(sql, values) as stream:
        first = next(stream.rows, None)
        if first is None:
            return 0, []
        whole: Stream = replace(stream, rows=chain([first], stream.rows))
        with packed.open(f"{part.name}.ndjson", "w", force_zip64=True) as file:
            lines = write_rows(Format.JSON, whole, file, told)
        return lines, [column.name for column in stream.columns]


def _columns(trino: Trino, part: Part) -> list[str]:
    if not part.is_view:
        return []
    sql = read_sql(_FOLDER / "columns_of_view.sql").text
    rows = trino.rows(*bind(sql, {"view": part.name}))
    return [row["column_name"] for row in rows]


def _put_recordings(archive: Archive, person: Person, packed: zipfile.ZipFile, held: Held) -> None:
    for key in _keys(archive.trino, person):
        try:
            content = _piece(archive, person, key)
        except (BlobError, OSError, EOFError) as error:
            held.unreadable.append(f"{key}: {error}")
            continue
        packed.writestr(_name(key), content)
        held.pieces += 1


def _keys(trino: Trino, person: Person) -> Iterator[str]:
    """Return where the pieces of the person's recordings lie, in their order."""
    part = next(one for one in parts() if one.name == RECORDINGS)
    sql, values = part.statement(person, _columns(trino, part))
    with trino.stream(sql, values) as stream:
        place = [column.name for column in stream.columns].index("storage_keys")
        for rows in stream.rows:
            for row in rows:
                yield from row[place]


def _piece(archive: Archive, person: Person, key: str) -> bytes:
    if archive.blobs is None:
        raise BlobError("no storage of recordings is set (HEADWATER_RECORDINGS)")
    if not key.startswith(f"{person.site_id}/"):
        raise BlobError("not of this site")
    return gzip.decompress(archive.blobs.get(key))


def _name(key: str) -> str:
    """Return `recordings/RECORDING/000000.json` of `site/date/session/RECORDING/000000.json.gz`."""
    return f"{RECORDINGS}/{'/'.join(key.split('/')[-2:])}".removesuffix(_GZIP)
