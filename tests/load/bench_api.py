"""How fast questions are answered: cold, from memory, not modified; beside Trino asked directly.

Asks the running installation of HEADWATER_HOME about its site with the most events. A cold
question has a range that nobody asked for before (some ms longer), so that nothing is remembered.
"""

import base64
import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import psutil

from infra.local.environment import environment
from infra.local.home import Home
from infra.local.status import load_status
from pipelines.lake.trino import Trino
from serving.control import keys
from serving.control.database import connect
from tests.load.report import Figure, Unmeasurable

TITLE: Final = "API"
DEFAULT_SIZE: Final = 2_000
_COLD_RUNS: Final = 7
_DAYS: Final = 28
_TILES: Final = ["visitors", "sessions", "page_views", "bounce_rate", "session_duration",
                 "views_per_session", "conversions", "revenue"]  # fmt: skip
QUESTIONS: Final[dict[str, dict[str, Any]]] = {
    "all totals": {"metrics": _TILES},
    "all by day": {"metrics": _TILES, "dimensions": ["time:day"]},
    "visitors": {"metrics": ["visitors"]},
    "pages": {"metrics": ["visitors", "page_views"], "dimensions": ["page"]},
    "sources": {"metrics": ["visitors", "bounce_rate"], "dimensions": ["source"]},
    "countries": {"metrics": ["visitors", "sessions"], "dimensions": ["country"]},
    "pages of one source": {"metrics": ["page_views"], "dimensions": ["page"],
                            "filters": [["is", "channel", ["Direct"]]]},
}  # fmt: skip


def measure(size: int) -> list[Figure]:
    """Return a figure for each kind of question; `size` is how many cached ones are asked."""
    home = Home(Path(os.environ.get("HEADWATER_HOME", Path.home() / ".headwater")))
    status = load_status(home)
    serving = status.components.get("serving") if status else None
    if serving is None or serving.pid is None or not psutil.pid_exists(serving.pid):
        raise Unmeasurable(f"{home.path} does not serve: start it with `headwater up`")
    env = environment(home.path)
    trino = Trino(env["HEADWATER_TRINO_URL"])
    site, events = _largest_site(trino)
    with connect(env["HEADWATER_POSTGRES_URL"]) as conn:
        key = keys.create_key(conn, site, "api", "bench")
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=env["HEADWATER_SERVING_URL"], headers=headers, timeout=120) as api:
        api.post("/api/v1/query", json={"site": site, "metrics": ["visitors"]})
        note = f"{_DAYS} days, {events:,} events".replace(",", " ")
        return [
            *_direct(trino, site),
            *_cold(api, site, note),
            *_page(api, site),
            *_cached(api, site, size, psutil.Process(serving.pid)),
        ]


def _largest_site(trino: Trino) -> tuple[str, int]:
    found = trino.rows(
        "SELECT site_id, count(*) AS events FROM lake.web.events WHERE record_kind = 'event'"
        " GROUP BY site_id ORDER BY events DESC LIMIT 1"
    )
    if not found:
        raise Unmeasurable("there are no events: run `headwater demo` first")
    return found[0]["site_id"], found[0]["events"]


def _timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


def _direct(trino: Trino, site: str) -> Iterator[Figure]:
    count = f"SELECT count(DISTINCT visitor_id) FROM lake.analytics.events WHERE site_id = '{site}'"
    for name, sql in (("SELECT 1", "SELECT 1"), ("distinct visitors of all events", count)):
        runs = tuple(_timed(partial(trino.rows, sql)) for _ in range(_COLD_RUNS))
        yield Figure(f"Trino asked directly: {name}", "ms", runs)


def _range(step: int) -> list[str]:
    end = datetime.now(UTC) + timedelta(milliseconds=step)
    return [(end - timedelta(days=_DAYS)).isoformat(), end.isoformat()]


def _cold(api: httpx.Client, site: str, note: str) -> Iterator[Figure]:
    for number, (name, question) in enumerate(QUESTIONS.items()):
        runs = []
        for run in range(_COLD_RUNS):
            asked = question | {"site": site, "date_range": _range(100 * number + run)}
            runs.append(_timed(partial(_ask, api, asked)))
        yield Figure(f"cold: {name}", "ms", tuple(runs), note)


def _ask(api: httpx.Client, asked: dict[str, Any]) -> None:
    api.post("/api/v1/query", json=asked).raise_for_status()


def _page(api: httpx.Client, site: str) -> Iterator[Figure]:
    runs = []
    for run in range(_COLD_RUNS):
        asked = [q | {"site": site, "date_range": _range(10_000 + run)} for q in QUESTIONS.values()]
        body = {"queries": asked}
        runs.append(_timed(partial(api.post, "/api/v1/queries", json=body)))
    yield Figure(f"cold: a page of {len(QUESTIONS)} questions", "ms", tuple(runs))


def _cached(api: httpx.Client, site: str, size: int, process: psutil.Process) -> Iterator[Figure]:
    asked = QUESTIONS["all by day"] | {"site": site, "date_range": f"{_DAYS}d"}
    q = base64.urlsafe_b64encode(json.dumps(asked).encode()).decode().rstrip("=")
    path = f"/api/v1/query?q={q}"
    for name, wanted in (("from memory", 200), ("not modified", 304)):
        etag = api.get(path).headers.get("etag", "")
        headers = {"If-None-Match": etag} if wanted == 304 else {}
        before = _cpu(process)
        runs = [_timed(partial(api.get, path, headers=headers)) for _ in range(size)]
        spent = _cpu(process) - before
        yield Figure(f"{name}: all by day", "ms", tuple(runs), "one after the other")
        yield Figure(
            f"{name}: answers", "per CPU-second", (size / spent,), "of the serving process"
        )


def _cpu(process: psutil.Process) -> float:
    return float(sum(process.cpu_times()[:2]))
