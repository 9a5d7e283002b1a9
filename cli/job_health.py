"""How a Flink job keeps up with what comes: lag, watermark, checkpoints, restarts."""

import time
from collections.abc import Iterable
from itertools import takewhile
from typing import Any, Final

from cli.context import Context
from cli.flink import ask

# What a source of Flink's calls the records that it has still to read.
_PENDING: Final = ".pendingRecords"
# Flink's word for "no watermark yet".
_NONE_YET: Final = -(2**63)


def health(context: Context, job_id: str) -> dict[str, Any]:
    """Return the job's numbers by name; None for what Flink does not tell (yet).

    `lag_records` are not read yet; `watermark_delay_s` is how far its event time is behind the
    clock (a job without event time has none).
    """
    vertices = [vertex["id"] for vertex in ask(context, f"/jobs/{job_id}").get("vertices", [])]
    return {
        "lag_records": _lag(context, job_id, vertices),
        "watermark_delay_s": _watermark_delay(context, job_id, vertices),
        **_checkpoints(context, job_id),
        "restarts": _restarts(context, job_id),
    }


def _lag(context: Context, job_id: str, vertices: Iterable[str]) -> int | None:
    pending = []
    for vertex in vertices:
        path = f"/jobs/{job_id}/vertices/{vertex}/subtasks/metrics"
        names = [one["id"] for one in _listed(context, path) if one["id"].endswith(_PENDING)]
        if names:
            pending += _listed(context, f"{path}?get={','.join(names)}&agg=sum")
    return round(sum(one["sum"] for one in pending)) if pending else None


def _watermark_delay(context: Context, job_id: str, vertices: Iterable[str]) -> int | None:
    found = [
        int(one["value"])
        for vertex in vertices
        for one in _listed(context, f"/jobs/{job_id}/vertices/{vertex}/watermarks")
    ]
    told = [value for value in found if value > _NONE_YET]
    return round(time.time() - min(told) / 1000) if told else None


def _checkpoints(context: Context, job_id: str) -> dict[str, Any]:
    found = ask(context, f"/jobs/{job_id}/checkpoints")
    newest = (found.get("latest") or {}).get("completed") or {}
    ended_ms = newest.get("latest_ack_timestamp")
    return {
        "checkpoints": (found.get("counts") or {}).get("completed"),
        "checkpoint_age_s": round(time.time() - ended_ms / 1000) if ended_ms else None,
        "failed_checkpoints": _failed_in_a_row(found.get("history") or []),
        "checkpoint_s": newest.get("end_to_end_duration", 0) / 1000 if ended_ms else None,
    }


def _failed_in_a_row(history: list[dict[str, Any]]) -> int:
    """Return how many of the newest checkpoints failed; Flink lists the newest first."""
    ended = [one["status"] for one in history if one["status"] != "IN_PROGRESS"]
    return len(list(takewhile(lambda status: status == "FAILED", ended)))


def _restarts(context: Context, job_id: str) -> int | None:
    found = _listed(context, f"/jobs/{job_id}/metrics?get=numRestarts")
    return int(found[0]["value"]) if found else None


def _listed(context: Context, path: str) -> list[dict[str, Any]]:
    """Return the list that Flink answers; of a job that is gone meanwhile it answers none."""
    found = ask(context, path)
    return found if isinstance(found, list) else []
