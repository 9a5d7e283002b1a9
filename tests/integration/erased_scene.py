"""A home whose jobs keep state for minutes, two visitors with all their names, what is shown."""

import secrets
import shutil
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cli.edge import EdgeClient
from pipelines.flink_jobs.runner import FOLDER
from serving.control import erasures
from serving.control.erasures import Erasure
from tests.integration.commands import (
    ask_api,
)
from tests.integration.home_traces import places
from tests.integration.ledger_checks import put_raw
from tests.integration.stack import Stack, TestSite
from tests.integration.test_recordings import send as send_recording

HELD_BY: Final = {"kafka", "edge", "checkpoints", "warehouse", "recordings"}
VIEWS: Final = ("events", "sessions", "visitors", "recordings", "identity_calls")
PATIENCE_S: Final = 300
# Rules of one, of minutes here: a session's gap, a form given up.
_ONE: Final = "delivery.heartbeat_seconds"


@dataclass(frozen=True)
class Visitor:
    """Somebody by all their names; a page that is theirs alone."""

    visitor: str
    user: str
    email: str
    cookie: str
    page: str

    @classmethod
    def made(cls, word: str) -> "Visitor":
        """Return somebody new."""
        names = [f"{kind}-{secrets.token_hex(12)}" for kind in "vuec"]
        return cls(names[0], names[1], f"{names[2]}@example.com", names[3], f"/of-{word}")

    @property
    def names(self) -> tuple[str, ...]:
        """Return what is searched for."""
        return self.visitor, self.user, self.email, self.cookie


@dataclass(frozen=True)
class Scene:
    """The home, its site, and who was there."""

    stack: Stack
    site: TestSite
    gone: Visitor
    stays: Visitor

    @property
    def days(self) -> list[str]:
        """Return the days on which something happened: one is imported history."""
        now = datetime.now(UTC)
        return [f"{at:%Y-%m-%d}" for at in (now - timedelta(days=2), now)]


def jobs_of_minutes(folder: Path) -> Path:
    """Copy the jobs' folder: sessions end after a minute, state after two; bytes stay readable."""
    jobs = folder / "jobs"
    shutil.copytree(FOLDER, jobs, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for file in jobs.glob("*/job.toml"):
        lines = [_shortened(line) for line in file.read_text("utf-8").splitlines()]
        setting = '"table.exec.state.ttl" = "2 min"'
        if file.parent.name == "collect_events":  # ids of events, and no visitor
            setting = '"state.backend.rocksdb.compression.per.level" = "NO_COMPRESSION"'
            lines.append("")
        else:
            lines = [line for line in lines if not line.startswith("state_ttl")]
        text = "\n".join(lines) + "\n"
        file.write_text(text.replace("[settings]\n", f"[settings]\n{setting}\n"), "utf-8")
    return jobs


def _shortened(line: str) -> str:
    name = line.partition(" ")[0]
    return f'{name} = "{_ONE}"' if name in ("gap_minutes", "abandon_minutes") else line


def visit(scene: Scene, who: Visitor) -> None:
    """Send what tells everything of somebody: pages, names, a refused event, a recording."""
    edge, now = EdgeClient(scene.stack.url("edge"), scene.site.write_key), datetime.now(UTC)
    named = {"email": who.email, "ad_cookie": who.cookie}
    shown = {"type": "page", "context": {"page": {"url": f"https://shop.example{who.page}"}}}
    told: list[dict[str, Any]] = [
        {**shown, "properties": named, "timestamp": now.isoformat()},
        {"type": "track", "event": "sign_up", "properties": named, "timestamp": now.isoformat()},
        {"type": "identify", "userId": who.user, "traits": named, "timestamp": now.isoformat()},
    ]
    ids = {"anonymousId": who.visitor}
    assert edge.post_batch([{**one, **ids, "messageId": uuid.uuid4().hex} for one in told]) == []
    too_old = {**told[1], **ids, "timestamp": (now - timedelta(days=9)).isoformat()}
    assert len(edge.post_batch([too_old])) == 1
    edge.close()
    typed = [{"type": 2, "timestamp": 1, "data": {"typed": who.cookie}}]
    recording, began = str(uuid.uuid4()), _ms(now) - 4_000
    send_recording(scene.stack, scene.site, recording, 0, began, who.visitor, typed)


def tell_history(scene: Scene, who: Visitor) -> None:
    """Import an event of two days ago, and put into the topic what nobody can read."""
    edge, at = EdgeClient(scene.stack.url("edge"), scene.site.secret_key), scene.days[0]
    event = {"type": "page", "anonymousId": who.visitor, "messageId": uuid.uuid4().hex,
             "timestamp": f"{at}T12:00:00Z", "properties": {"ad_cookie": who.cookie},
             "context": {"page": {"url": f"https://shop.example{who.page}"}}}  # fmt: skip
    assert edge.post_batch([event], history=True) == []
    edge.close()
    put_raw(scene.stack, [f"no JSON of {who.visitor}".encode()])


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def shown(scene: Scene, who: Visitor) -> dict[str, int]:
    """Return how many rows each view has of somebody."""
    parts = [
        f"SELECT '{view}' AS name, count(*) AS n FROM lake.analytics.{view}"
        f" WHERE site_id = '{scene.site.site_id}' AND visitor_id = '{who.visitor}'"
        for view in VIEWS
    ]
    return {name: n for name, n in scene.stack.sql(" UNION ALL ".join(parts)) if n}


def rows(scene: Scene, table: str, who: Visitor) -> int:
    ((count,),) = scene.stack.sql(
        f"SELECT count(*) FROM lake.web.{table} WHERE visitor_id = '{who.visitor}'"
    )
    return int(count)


def pages_of_api(scene: Scene) -> set[str]:
    """Return the pages on which sessions of today began, as the API tells."""
    question = {"site": scene.site.site_id, "metrics": ["sessions"], "dimensions": ["entry_page"],
                "date_range": [scene.days[1], scene.days[1]]}  # fmt: skip
    answer = ask_api(scene.stack, scene.site.api_key, question)
    return {row["dimensions"][0] for row in answer["rows"]}


def restate(scene: Scene) -> None:
    days = ",".join(scene.days)
    words = ("restate", "--site", scene.site.site_id, "--dates", days, "--wait")
    scene.stack.headwater(*words, timeout=400)


def is_everywhere(scene: Scene, who: Visitor) -> bool:
    return places(scene.stack, who.names).keys() >= HELD_BY


def erasure(scene: Scene, number: int) -> Erasure:
    with scene.stack.postgres() as control:
        return erasures.get(control, number)


def move(scene: Scene, number: int, **back: timedelta) -> None:
    """Move dates of the erasure back."""
    with scene.stack.postgres() as control:
        for name, time_back in back.items():
            change = f"UPDATE erasures SET {name} = {name} - %s WHERE erasure_id = %s"
            control.execute(change.encode(), [time_back, number])
