"""Load a job's folder and render its SQL: from job.toml, its source and job.sql to statements."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile
from operator import attrgetter
from pathlib import Path
from typing import Final

from pipelines.flink_jobs.columns import columns
from pipelines.flink_jobs.errors import BadJob
from pipelines.flink_jobs.script import fill, parameter_names, split
from schemas.load import RECORDS, RULES, TABLES, TOPICS
from schemas.loaders.records import Kind
from schemas.loaders.strict import SchemaError, build, read_toml
from schemas.session_id import flink_session_id

FOLDER: Final = Path(__file__).parent
# In the order in which data meets them.
JOB_NAMES: Final = (
    "collect_events",
    "sessionize_events",
    "aggregate_minutes",
    "detect_friction",
    "map_clicks",
)
SOURCE: Final = "source.sql"
_STATES: Final = ("rocksdb", "hashmap")
# Flink's settings that say how SQL is planned; others leave state as it is.
_OF_SQL: Final = "table."
STATE_TTL: Final = "table.exec.state.ttl"  # "24 h"


@dataclass(frozen=True)
class Job:
    """One job folder. `reads` and `produces` name topics, `writes` names tables.

    `parts` are its further files of SQL, by their names: text that stands in several places.
    `source` are the files of its tables in, its own or some that several jobs share.
    `reread`, as `table.column`, holds the newest event time that the job has told of.
    """

    name: str
    owner: str
    one_row: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    produces: tuple[str, ...]
    changelog: str
    parallelism: int
    state: str
    start: str
    checkpoint_seconds: Mapping[str, int]
    settings: Mapping[str, str]
    rules: Mapping[str, str]
    columns: Mapping[str, str]
    source_sql: str
    job_sql: str
    parts: Mapping[str, str]
    source: tuple[str, ...] = (SOURCE,)
    state_ttl: str | None = None
    reread: str | None = None

    @property
    def text(self) -> str:
        """The whole SQL: its parts in their places, other parameters not filled."""
        text = f"{self.source_sql}\n{self.job_sql}"
        for name, part in self.parts.items():
            text = text.replace(f"${{{name}}}", part)
        return text


@dataclass(frozen=True)
class Rendered:
    """A job ready for Flink.

    `fingerprint` changes when the state of what ran before does not fit any more: with its SQL and
    Flink's settings of SQL, not with where it starts or how often it commits.
    """

    name: str
    statements: tuple[str, ...]
    settings: Mapping[str, str]
    fingerprint: str


def load_job(name: str, folder: Path = FOLDER) -> Job:
    """Return the job of that name; BadJob names the file, the key and what it needs."""
    place = folder / name
    if not (place / "job.toml").is_file():
        raise BadJob(f"no job {name!r}; there are {', '.join(JOB_NAMES)}.")
    try:
        given = read_toml(place / "job.toml")
        source = given.get("source", [SOURCE])
        content = given | {
            "name": name,
            "source_sql": _source(place, [source] if isinstance(source, str) else source),
            "job_sql": (place / "job.sql").read_text("utf-8"),
            "parts": {
                path.stem: _part(path)
                for path in sorted(place.glob("*.sql"))
                if path.name not in ("job.sql", *source)
            },
        }
        return _checked(build(Job, content, f"{name}/job.toml"))
    except SchemaError as error:
        raise BadJob(str(error)) from error


def _source(place: Path, names: Sequence[str]) -> str:
    for name in names:
        if not (place / name).is_file():
            raise BadJob(f"{place.name}/job.toml: no file {name!r} for its source.")
    return "\n".join((place / name).read_text("utf-8") for name in names)


def _part(path: Path) -> str:
    """Return a part without the comments at its head, fit to stand in a statement."""
    lines = path.read_text("utf-8").splitlines()
    return "\n".join(dropwhile(lambda line: line.startswith("--"), lines))


def _checked(job: Job) -> Job:
    where = f"{job.name}/job.toml"
    for kind, names, known in (
        ("topic", (*job.reads, *job.produces), TOPICS),
        ("table", job.writes, TABLES),
        ("state", (job.state,), _STATES),
    ):
        if unknown := [name for name in names if name not in known]:
            raise BadJob(f"{where}: no {kind} {unknown[0]!r}; known: {', '.join(known)}.")
    if (job.start == "restart_reread") != (job.reread is not None):
        raise BadJob(f"{where}: start 'restart_reread' and reread = 'table.column' go together.")
    if job.reread is not None and job.reread not in _times(job):
        times = ", ".join(_times(job))
        raise BadJob(f"{where}: reread {job.reread!r} is no time of its tables; known: {times}.")
    if unused := {*job.rules, *job.columns} - parameter_names(job.text):
        raise BadJob(f"{where}: parameter {sorted(unused)[0]!r} stands nowhere in the SQL.")
    return job


def _times(job: Job) -> list[str]:
    """Return the times in the tables that the job writes, as `table.column`."""
    return [
        f"{table}.{field.name}"
        for table in job.writes
        for field in RECORDS[TABLES[table].record].fields
        if field.kind is Kind.TIMESTAMP_MS
    ]


def render(
    job: Job, topic_ids: Mapping[str, str], place: Mapping[str, str], start: Mapping[str, str]
) -> Rendered:
    """Fill the job's SQL.

    `topic_ids` are Kafka's ids of the topics it reads: a topic made anew is another topic, so they
    are part of the fingerprint. `place` is where it runs (addresses), `start` where it starts;
    neither is.
    """
    meaning = definitions(job, topic_ids)
    text = fill(job.text, {**meaning, **place, **start}, job.name)
    still = dict.fromkeys([*place, *start], "?")
    settings = dict(job.settings) | ttl(job)
    shape = [item for item in sorted(settings.items()) if item[0].startswith(_OF_SQL)]
    meant = "\n".join(split(fill(job.text, {**meaning, **still}, job.name))) + repr(shape)
    meant += job.state
    # TRICKY: an operator that always runs once is chained to one that does, too, and to no other:
    # between one and several, Flink gives the operators other ids, by which it finds their state.
    meant += "" if job.parallelism == 1 else " side by side"
    fingerprint = hashlib.sha256(meant.encode()).hexdigest()[:16]
    return Rendered(job.name, tuple(split(text)), settings, fingerprint)


def definitions(job: Job, topic_ids: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that say what the job does: rules, columns, formulas, topic ids."""
    shared = {
        "job": job.name,
        "session_id": flink_session_id("site_id", "visitor_id", "first_ms"),
        "topic_ids": case("topic_name", topic_ids),
        "unique_max_bytes": str(TOPICS["unique-events"].max_message_bytes),
    }
    rules = {name: rule_text(path, job.name) for name, path in job.rules.items()}
    lists = {name: columns(request, RECORDS) for name, request in job.columns.items()}
    return shared | rules | lists


def rule_text(path: str, where: str) -> str:
    """Return a rule as SQL has it: a number, or several or quoted texts between commas."""
    try:
        value = attrgetter(path)(RULES)
    except AttributeError as error:
        raise BadJob(f"{where}: no rule {path!r} in schemas/rules.") from error
    if isinstance(value, tuple):
        return ", ".join(literal(i) if isinstance(i, str) else str(i) for i in value)
    return str(value)


def case(column: str, values: Mapping[str, str]) -> str:
    """Return the CASE that maps texts of a column to texts."""
    arms = " ".join(f"WHEN {literal(key)} THEN {literal(value)}" for key, value in values.items())
    return f"CASE {column} {arms} END"


def literal(text: str) -> str:
    """Return the text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def ttl(job: Job) -> dict[str, str]:
    """Return Flink's setting of how long the job's state is kept, if it forgets."""
    if job.state_ttl is None:
        return {}
    return {STATE_TTL: f"{rule_text(job.state_ttl, job.name)} h"}
