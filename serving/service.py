"""From a question to the bytes of its answer: memory of whole answers, ETags, cache rules."""

import asyncio
import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from serving.answers import Answers
from serving.asked import Asked
from serving.query.schemas import Answer, Question
from serving.scope import SiteScope

SCHEMA_VERSION: Final = 1  # raise it when the shape of answers changes: it is part of the ETag
_MEMORY_BYTES: Final = 64_000_000
_MINUTE: Final = 60
_OPEN: Final = "private, max-age=5, stale-while-revalidate=30"
_CLOSED: Final = "private, max-age=60, stale-while-revalidate=3600"
_STALE: Final = "no-store"


@dataclass(frozen=True)
class Rendered:
    """An answer as it is sent; `etag` is None for figures that are older than the question."""

    body: bytes
    etag: str | None
    cache_control: str


class Service:
    """Renders answers once for each version of the data."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._memory: OrderedDict[tuple[str, int], Rendered] = OrderedDict()
        self._bytes = 0

    async def prepare(self, question: Question, scope: SiteScope) -> tuple[Asked, str]:
        """Check a question and name the version of its answer, before anything is read."""
        asked = await self._answers.prepare(question, scope)
        return asked, etag_of(asked)

    async def render(self, asked: Asked, etag: str) -> Rendered:
        """Return the answer's bytes, from memory if this version was rendered before."""
        name = (etag, int(asked.now.timestamp()) // _MINUTE)  # freshness is told to the minute
        known = self._memory.get(name)
        if known is not None:
            self._memory.move_to_end(name)
            return known
        answer = await self._answers.answer(asked)
        if answer.meta.stale:
            return Rendered(_json(answer), None, _STALE)
        control = _OPEN if asked.is_provisional else _CLOSED
        again = answer.model_copy(
            update={"meta": answer.meta.model_copy(update={"cached": True, "took_ms": 0.0})}
        )
        self._keep(name, Rendered(_json(again), etag, control))
        return Rendered(_json(answer), etag, control)

    async def render_all(self, asked: list[tuple[Asked, str]]) -> list[Rendered | Exception]:
        """Render many side by side; equal parts are read once."""
        tasks = [self.render(one, etag) for one, etag in asked]
        found = await asyncio.gather(*tasks, return_exceptions=True)
        for one in found:
            if isinstance(one, BaseException) and not isinstance(one, Exception):
                raise one
        return [one for one in found if isinstance(one, Rendered | Exception)]

    def _keep(self, name: tuple[str, int], rendered: Rendered) -> None:
        self._memory[name] = rendered
        self._bytes += len(rendered.body)
        while self._bytes > _MEMORY_BYTES:
            _, gone = self._memory.popitem(last=False)
            self._bytes -= len(gone.body)


def etag_of(asked: Asked) -> str:
    """Name an answer: its question, its site's rules, the version of the data, our shape."""
    plain = asked.question.model_dump(mode="json")
    text = json.dumps(
        [SCHEMA_VERSION, plain, asked.scope.exclude_bots, str(asked.span), asked.token],
        sort_keys=True,
    )
    return '"' + hashlib.sha256(text.encode()).hexdigest()[:32] + '"'


def joined_etag(etags: list[str]) -> str:
    """Name a batch of answers."""
    return '"' + hashlib.sha256("".join(etags).encode()).hexdigest()[:32] + '"'


def _json(answer: Answer) -> bytes:
    return answer.model_dump_json().encode()
