"""What the routes share: built once at start, given to them as dependencies."""

import time
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from schemas.load import RULES
from serving.answers import Answers
from serving.cache import Cache
from serving.callers import caller_of, cookie_name
from serving.config import Config
from serving.freshness import Freshness
from serving.funnels import FunnelsView
from serving.lake import Lake
from serving.live.feed import LiveFeed
from serving.live.tail import KafkaTail
from serving.page import Page
from serving.paths import PathsView
from serving.realtime import LiveView
from serving.scope import Caller, SiteScope, check_may_read, site_scope
from serving.service import Service
from serving.store import Store


@dataclass(frozen=True)
class Parts:
    """The machinery of one server."""

    config: Config
    lake: Lake
    store: Store
    service: Service
    live: LiveView
    paths: PathsView
    funnels: FunnelsView
    feed: LiveFeed
    page: Page

    @property
    def cookie(self) -> str:
        """The name of the page's cookie."""
        return cookie_name(self.config.port)

    async def scope(self, caller: Caller, site_id: str) -> SiteScope:
        """Return the scope of a site: the only road from a request to a query."""
        check_may_read(caller, site_id)
        return site_scope(caller, site_id, await self.store.find_site(site_id))


def build(config: Config, lake: Lake, store: Store) -> Parts:
    """Put the machinery together."""
    cache = Cache(clock=time.time)
    freshness = Freshness(lake)
    answers = Answers(lake, cache, freshness)
    return Parts(
        config=config,
        lake=lake,
        store=store,
        service=Service(answers),
        live=LiveView(lake, cache),
        paths=PathsView(lake, cache, freshness),
        funnels=FunnelsView(lake, cache, freshness),
        feed=LiveFeed(KafkaTail(kafka) if (kafka := config.kafka_bootstrap) else None, RULES.live),
        page=Page(config.dashboard),
    )


def parts_of(request: Request) -> Parts:
    """Return the machinery that the app was made with."""
    parts: Parts = request.app.state.parts
    return parts


async def known_caller(request: Request, parts: Annotated[Parts, Depends(parts_of)]) -> Caller:
    """Return who asks, or answer 401."""
    return await caller_of(request, parts.store, parts.cookie)


UseParts = Annotated[Parts, Depends(parts_of)]
UseCaller = Annotated[Caller, Depends(known_caller)]
