"""An edge of the same schema written in the obvious way: FastAPI, pydantic, aiokafka.

What `make bench-edge` compares with: `python -m tests.load.plain_edge PORT KAFKA KEY`. It reads the
tracker's batch, sets the same columns by the same functions of pipelines/enrich, and answers when
the broker has acknowledged all. It has no log, no limits, no refusals one by one.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import uvicorn
from aiokafka import AIOKafkaProducer
from fastapi import FastAPI, Header, HTTPException, Request
from pydantic import BaseModel, Field

from pipelines.enrich.bots import judge
from pipelines.enrich.channel import origin_of, referrer_host
from pipelines.enrich.device import agent_of
from pipelines.enrich.local_date import local_date
from pipelines.enrich.url import page_of

PORT, KAFKA, KEY = int(sys.argv[1]), sys.argv[2], sys.argv[3]
Whole = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]


class TrackerEvent(BaseModel):
    event_name: Annotated[str, Field(min_length=1, max_length=200)]
    event_id: Annotated[str, Field(max_length=256)]
    client_at: int | None = None
    seq: Whole | None = None
    page_view_id: str | None = None
    page_url: str | None = None
    page_title: str | None = None
    referrer: str | None = None
    engaged_ms: Whole | None = None
    scroll_percent: Annotated[int, Field(ge=0, le=100)] | None = None
    click_target: str | None = None
    is_conversion: bool = False
    is_interactive: bool = True
    properties: dict[str, Any] | None = None


class TrackerBatch(BaseModel):
    key: str
    sent_at: int | None = None
    visitor_id: str
    client_session_id: str | None = None
    is_new_visitor_hint: bool | None = None
    screen_width_px: Whole | None = None
    screen_height_px: Whole | None = None
    viewport_width_px: Whole | None = None
    viewport_height_px: Whole | None = None
    language: str | None = None
    timezone: str | None = None
    library_name: str | None = None
    library_version: str | None = None
    events: list[TrackerEvent]


class Event(BaseModel):
    """Record `event`, as far as the tracker fills it."""

    record_kind: str = "event"
    site_id: str
    event_id: str
    event_name: str
    visitor_id: str
    client_session_id: str | None
    page_view_id: str | None
    seq: int | None
    client_at: int | None
    sent_at: int | None
    received_at: int
    event_at: int
    event_date: str
    sender: str = "browser"
    page_url: str | None
    page_host: str | None
    page_path: str | None
    page_search: str | None
    page_title: str | None
    referrer: str | None
    referrer_host: str | None
    utm_source: str | None
    utm_medium: str | None
    utm_campaign: str | None
    source: str
    medium: str
    campaign: str | None
    channel: str
    device: str
    browser: str | None
    browser_version: str | None
    os: str | None
    os_version: str | None
    screen_width_px: int | None
    screen_height_px: int | None
    viewport_width_px: int | None
    viewport_height_px: int | None
    language: str | None
    timezone: str | None
    engaged_ms: int | None
    scroll_percent: int | None
    click_target: str | None
    is_conversion: bool
    is_interactive: bool
    is_new_visitor_hint: bool | None
    bot_score: int
    is_bot: bool
    bot_reasons: str | None
    is_flood: bool = False
    library_name: str | None
    library_version: str | None
    properties: str | None


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    producer = AIOKafkaProducer(
        bootstrap_servers=KAFKA, acks="all", enable_idempotence=True, linger_ms=2
    )
    await producer.start()
    app.state.producer = producer
    yield
    await producer.stop()


app = FastAPI(lifespan=lifespan)


@app.post("/e")
async def post_batch(
    batch: TrackerBatch, request: Request, user_agent: Annotated[str | None, Header()] = None
) -> dict[str, Any]:
    """Take a batch; every event is acknowledged by the broker when it answers."""
    if batch.key != KEY:
        raise HTTPException(401, "unknown key")
    received_at = time.time_ns() // 1_000_000
    events = [event_of(batch, sent, received_at, user_agent) for sent in batch.events]
    producer: AIOKafkaProducer = request.app.state.producer
    futures = [
        await producer.send(
            "events",
            event.model_dump_json(exclude_none=True).encode(),
            key=f"{event.site_id}:{event.visitor_id}".encode(),
            headers=[("schema", b"event.1")],
        )
        for event in events
    ]
    await asyncio.gather(*futures)
    return {"accepted": len(events), "dropped": []}


def event_of(
    batch: TrackerBatch, sent: TrackerEvent, received_at: int, user_agent: str | None
) -> Event:
    """Return an event with everything that is known of it."""
    page = page_of(sent.page_url or "")
    host = referrer_host(sent.referrer) if sent.referrer else None
    origin = origin_of(page.utm_source, page.utm_medium, page.utm_campaign, None, host)
    event_at = min(sent.client_at or received_at, received_at)
    shared = batch.model_dump(exclude={"events", "key"})
    own = sent.model_dump(exclude={"properties"})
    return Event(
        **shared,
        **own,
        site_id="bench",
        received_at=received_at,
        event_at=event_at,
        event_date=local_date(event_at, "UTC"),
        page_host=page.host,
        page_path=page.path,
        page_search=page.search,
        utm_source=page.utm_source,
        utm_medium=page.utm_medium,
        utm_campaign=page.utm_campaign,
        referrer_host=host,
        **origin._asdict(),
        **agent_of(user_agent)._asdict(),
        **judge(user_agent)._asdict(),
        properties=None if sent.properties is None else str(sent.properties),
    )


if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=PORT, loop="uvloop", http="httptools",
        access_log=False, log_level="warning",
    )  # fmt: skip
