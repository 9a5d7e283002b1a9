"""What a job is, wherever it runs and starts: kept with its launches, so that it can run again.

A version is a job whose definitions are filled in (rules, columns, formulas); only the place, the
start and the topics' ids are left open. So an older one can be started when the checkout has moved
on, from wherever tables and topics stand then. Nothing in it is secret.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from string import Template
from typing import Any, Final

from pipelines.flink_jobs.launches import folder
from pipelines.flink_jobs.runner import Job, definitions, load_job, rule_text, ttl
from pipelines.flink_jobs.script import split

_OPEN: Final = "topic_ids"
# What people are told and nothing acts on.
_WORDS: Final = ("owner", "one_row", "changelog", "source", "rules")


@dataclass(frozen=True)
class Version:
    """One version of a job; `rules` are the values it was made with, by their paths."""

    job: Job
    rules: Mapping[str, str]

    @property
    def version_id(self) -> str:
        """Return what tells it from every version that runs differently."""
        acts = {key: value for key, value in asdict(self.job).items() if key not in _WORDS}
        return hashlib.sha256(json.dumps(acts, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def statements(self) -> list[str]:
        """Return its SQL, what depends on place and start left open."""
        return split(self.job.source_sql)


def of_checkout(name: str, jobs: Path) -> Version:
    """Return the version in a folder of jobs; BadJob says what is wrong with it."""
    return version_of(load_job(name, jobs))


def version_of(job: Job) -> Version:
    """Return the job with its definitions filled in."""
    meaning = definitions(job, {})
    meaning.pop(_OPEN)
    known = {name: text.replace("$", "$$") for name, text in meaning.items()}
    # A name that stays open stays as it is; so does a doubled dollar, to be read once more.
    text = Template(job.text.replace("$$", "$$$$")).safe_substitute(known)
    frozen = replace(
        job,
        source_sql=";\n".join(split(text)),
        job_sql="",
        parts={},
        rules={},
        columns={},
        settings=dict(job.settings) | ttl(job),
        state_ttl=None,
    )
    return Version(frozen, {path: rule_text(path, job.name) for path in job.rules.values()})


def keep(home: Path, version: Version) -> None:
    """Write the version beside the launches; once it is there it never changes."""
    place = _place(home, version.job.name, version.version_id)
    if place.exists():
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(asdict(version), indent=1), "utf-8")
    draft.replace(place)


def read(home: Path, job: str, version_id: str) -> Version | None:
    """Return a version that was kept; None for one that a home never ran or knew nothing of."""
    place = _place(home, job, version_id)
    if not version_id or not place.is_file():
        return None
    content = json.loads(place.read_text("utf-8"))
    return Version(_job(content["job"]), content["rules"])


def refused(home: Path, job: str) -> list[str]:
    """Return the ids of versions that were tried, did not get well, and were taken back."""
    try:
        found: list[str] = json.loads(_refusals(home, job).read_text("utf-8"))
    except FileNotFoundError:
        return []
    return found


def refuse(home: Path, job: str, version_id: str) -> None:
    """Let nobody start the version but who asks for it."""
    _write_refused(home, job, [*dict.fromkeys([*refused(home, job), version_id])])


def forgive(home: Path, job: str, version_id: str) -> None:
    """Take a version off the list: it got well after all."""
    known = refused(home, job)
    if version_id in known:
        _write_refused(home, job, [each for each in known if each != version_id])


def _write_refused(home: Path, job: str, ids: list[str]) -> None:
    place = _refusals(home, job)
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(ids), "utf-8")
    draft.replace(place)


def _refusals(home: Path, job: str) -> Path:
    return folder(home) / "versions" / f"{job}-refused.json"


def _place(home: Path, job: str, version_id: str) -> Path:
    return folder(home) / "versions" / f"{job}-{version_id}.json"


def _job(content: dict[str, Any]) -> Job:
    made: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in content.items()}
    return Job(**made)
