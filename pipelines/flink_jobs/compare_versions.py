"""What a deployment would change, and whether the state survives it: pure comparisons, as lines."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final

from pipelines.flink_jobs.versions import Version

_DIFF_LINES: Final = 40
_CONTEXT_LINES: Final = 1
_ABSENT: Final = "(none)"


@dataclass(frozen=True)
class Comparison:
    """`changes` is empty if both run alike; `objections` say why the old state does not fit."""

    changes: tuple[str, ...]
    objections: tuple[str, ...] = ()

    @property
    def is_state_kept(self) -> bool:
        """Whether the new version can go on with the state of the old one."""
        return not self.objections


def compare(before: Version, after: Version) -> Comparison:
    """Compare two versions of a job."""
    if before.version_id == after.version_id:
        return Comparison(())
    old, new = before.job, after.job
    changes = chain(
        _values("rule", before.rules, after.rules),
        _values("setting", old.settings, new.settings),
        _values("commits every (s)", old.checkpoint_seconds, new.checkpoint_seconds),
        _values("", _contract(before), _contract(after)),
        _sql(before.statements, after.statements),
    )
    return Comparison(tuple(changes), tuple(_objections(before, after)))


def _contract(version: Version) -> dict[str, object]:
    job = version.job
    return {
        "reads": ", ".join(job.reads),
        "writes": ", ".join((*job.writes, *job.produces)),
        "parallelism": job.parallelism,
        "state": job.state,
        "start": job.start,
        "reread": job.reread,
    }


def _values(what: str, before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[str]:
    for key in sorted({*before, *after}):
        old, new = before.get(key, _ABSENT), after.get(key, _ABSENT)
        if old != new:
            yield f"{what} {key}: {old} -> {new}".strip()


def _sql(before: list[str], after: list[str]) -> Iterator[str]:
    if before == after:
        return
    old, new = ([line for one in each for line in one.splitlines()] for each in (before, after))
    found = difflib.unified_diff(old, new, n=_CONTEXT_LINES, lineterm="")
    shown = [line for line in found if not line.startswith(("---", "+++"))]
    yield f"SQL: {sum(line.startswith(('+', '-')) for line in shown)} lines"
    yield from (f"  {line}" for line in shown[:_DIFF_LINES])
    if len(shown) > _DIFF_LINES:
        yield f"  ... and {len(shown) - _DIFF_LINES} lines more"


def _objections(before: Version, after: Version) -> Iterable[str]:
    old, new = before.job, after.job
    if before.statements != after.statements:
        yield "the SQL changed: Flink promises nothing about state across that"
    if _of_sql(old.settings) != _of_sql(new.settings):
        yield "a setting of SQL changed (table.*): Flink may plan other operators"
    if (old.parallelism == 1) != (new.parallelism == 1):
        yield "between one task and several Flink gives operators other ids"
    if old.state != new.state:
        yield f"the state moves from {old.state} to {new.state}"


def _of_sql(settings: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in settings.items() if key.startswith("table.")}
