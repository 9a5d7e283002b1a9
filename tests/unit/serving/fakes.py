"""A lake and a control plane in memory, which can be told to be away."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from serving.control.keys import Key
from serving.control.sites import Site
from serving.errors import ControlAway, LakeUnavailable
from serving.lake import Records
from serving.query.sql import Sql, Statement
from serving.scope import SiteScope

NOW = datetime(2026, 3, 20, 12, 0, 2, tzinfo=UTC)


class Clock:
    """A clock that moves only by hand."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now.timestamp()

    def __call__(self) -> float:
        return self.now


class FakeLake:
    """Answers statements by a function of their text; remembers what was asked."""

    def __init__(self, answer: Callable[[Sql], Records]) -> None:
        self.answer = answer
        self.asked: list[Sql] = []
        self.is_away = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def rows(self, statement: Statement, scope: SiteScope) -> Records:
        assert statement.site_id == scope.site_id
        return await self.system_rows(statement.sql)

    async def system_rows(self, sql: Sql) -> Records:
        self.asked.append(sql)
        await self.gate.wait()
        if self.is_away:
            raise LakeUnavailable("Trino does not answer; nothing was read.")
        return self.answer(sql)

    def figures(self) -> list[Sql]:
        """Return the statements about figures, not about freshness."""
        return [s for s in self.asked if "analytics.events" in s.text or "sessions" in s.text]


class FakeStore:
    """Two sites and a key for one of them; `page` is the secret of a signed-in browser."""

    def __init__(self) -> None:
        self.sites = {name: site(name) for name in ("shop", "blog")}
        self.keys = {"hw_api_shop": key("shop", "api"), "hw_pub_shop": key("shop", "pub")}
        self.is_away = False
        self.called: list[str] = []

    def open(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close."""

    async def call(self, what: Any, *_: Any, **__: Any) -> Any:
        self.called.append(what.__name__)
        if self.is_away:
            raise ControlAway("Postgres does not answer; nothing was changed.")
        return list(self.sites.values()) if what.__name__ == "list_sites" else None

    async def find_key(self, name: str) -> Key | None:
        return self.keys.get(name)

    async def is_signed_in(self, session: str) -> bool:
        return session == "page"

    async def find_site(self, site_id: str) -> Site | None:
        return self.sites.get(site_id)


def site(name: str) -> Site:
    return Site(name, name.title(), "UTC", [], False, None, {}, NOW, NOW)


def key(site_id: str, kind: str) -> Key:
    return Key(f"key_{kind}", site_id, kind, kind, f"hw_{kind}_", [], NOW, None, None, None)
