"""Questions of the API asked of Trino without its server, and visits to ask about."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from schemas.session_id import session_id
from serving.answers import Answers
from serving.cache import Cache
from serving.freshness import Freshness
from serving.lake import TrinoLake
from serving.query.schemas import Answer, Question
from serving.scope import SiteScope
from tests.integration.stack import Stack
from tests.sql.rows import LATER, event, live_session

Row = dict[str, Any]
Did = tuple[str, str | None, Any]  # an event's name, its page, its properties
Told = list[tuple[list[Any], list[Any]]]


def ask_all(home: Stack, scope: SiteScope, asked: Iterable[Row]) -> list[Answer]:
    """Answer questions about a site side by side, each as the API does."""
    trino = TrinoLake(home.url("trino"))
    answers = Answers(trino, Cache(), Freshness(trino), LATER.timestamp)
    questions = [Question.model_validate({"site": scope.site_id, **one}) for one in asked]

    async def answer(question: Question) -> Answer:
        return await answers.answer(await answers.prepare(question, scope))

    async def every() -> list[Answer]:
        return await asyncio.gather(*(answer(question) for question in questions))

    try:
        return asyncio.run(every())
    finally:
        trino.close()


def told(answer: Answer) -> Told:
    """Return the rows of an answer, without what they are compared with."""
    return [(row.dimensions, row.metrics) for row in answer.rows]


def visit(
    site: str, visitor: str, at: datetime, did: Sequence[Did], **first: Any
) -> tuple[list[Row], Row]:
    """Return the events of a visit, a minute apart, and its session with what its first has."""
    own = {"site_id": site, "visitor_id": visitor}
    times = [at + timedelta(minutes=place) for place in range(len(did))]
    events = [
        event(**own, event_at=when, event_name=name, page_path=page, properties=_json(properties))
        for when, (name, page, properties) in zip(times, did, strict=True)
    ]
    session = live_session(
        **own,
        session_id=session_id(site, visitor, int(at.timestamp() * 1000)),
        started_at=at,
        ended_at=times[-1],
        event_count=len(did),
        page_view_count=sum(name == "page_view" for name, _, _ in did),
        is_bounce=len(did) == 1,
        entry_page=next((page for _, page, _ in did if page), None),
        **first,
    )
    return events, session


def _json(properties: Any) -> str | None:
    if properties is None or isinstance(properties, str):
        return properties
    return json.dumps(properties)
