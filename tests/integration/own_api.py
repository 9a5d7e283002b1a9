"""The API over a control plane of its own, for what it keeps there; its lake is made up."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import httpx

from serving.app import make_app
from serving.config import Config
from serving.control.database import Connection
from serving.lake import Lake, Records
from serving.parts import build
from serving.query.sql import Sql
from serving.store import Store
from tests.unit.serving.fakes import FakeLake

Ask = Callable[..., httpx.Response]


def no_rows(_: Sql) -> Records:
    """Be an empty lake."""
    return []


@contextmanager
def own_api(
    conn: Connection, folder: Path, lake: Callable[[Sql], Records] = no_rows
) -> Iterator[Ask]:
    """Lend `ask(method, path, key, **given)`; files of exports are looked for in the folder."""
    url = f"{conn.info.dsn} password={conn.info.password}"
    store = Store(url)
    config = Config("hw", 8080, "http://hw:8080", url, "", folder, exports=folder)
    parts = build(config, cast(Lake, FakeLake(lake)), store)
    transport = httpx.ASGITransport(make_app(parts))

    async def send(method: str, path: str, key: str, **given: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://hw:8080") as client:
            return await client.request(method, path, headers=headers, **given)

    store.open()
    try:
        yield lambda *words, **given: asyncio.run(send(*words, **given))
    finally:
        store.close()
