"""The bytes of a stream: events, signs of life, gaps, and its end once one may read no more."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, Final

import pytest
from starlette.types import Message

from schemas.load import RULES
from serving.errors import ControlAway, NotSignedIn
from serving.live.event import item_of
from serving.live.listener import Listener, Wanted
from serving.live.stream import Check, EventStream
from tests.unit.serving.live.made_up_tail import arrived

EAGER: Final = replace(RULES.live, keep_alive_seconds=0)


async def fine() -> None:
    """Let everybody read."""


def listener_with(*offsets: int, limit: int = 9) -> Listener:
    listener = Listener(Wanted(), limit)
    for offset in offsets:
        item = item_of(arrived(offset))
        assert item is not None
        listener.offer(item)
    return listener


def chunks(listener: Listener, check: Check = fine) -> AsyncIterator[Any]:
    return aiter(EventStream(listener, EAGER, check, lambda: None).body_iterator)


def first(count: int, listener: Listener, check: Check = fine) -> list[bytes]:
    async def read() -> list[bytes]:
        found = chunks(listener, check)
        return [await anext(found) for _ in range(count)]

    return asyncio.run(read())


def test_it_says_at_once_that_it_is_there() -> None:
    assert first(1, listener_with())[0].startswith(b"retry: 2000\n:")


def test_events_then_signs_of_life() -> None:
    _, events, silence = first(3, listener_with(1, 2))
    assert [line for line in events.split(b"\n") if line.startswith(b"id")] == [
        b"id: 0-1",
        b"id: 0-2",
    ]
    assert silence == b": still here\n\n"


def test_a_gap_is_said_before_what_follows_it() -> None:
    _, found = first(2, listener_with(1, 2, 3, limit=1))
    assert found.startswith(b'event: skipped\ndata: {"at_least": 2}\n\nid: 0-3\n')


@pytest.mark.parametrize(
    ("error", "goes_on"),
    [(NotSignedIn("The key is revoked."), False), (ControlAway("Postgres is away."), True)],
)
def test_it_ends_once_the_key_is_revoked(error: Exception, goes_on: bool) -> None:
    async def check() -> None:
        raise error

    async def read() -> int:
        count = 0
        async for _ in chunks(listener_with(1), check):
            count += 1
            if count > 3:
                break
        return count

    assert (asyncio.run(read()) > 3) is goes_on


def ended(leave_at_once: bool) -> bool:
    """Send a stream to somebody who goes; return whether it was noted."""
    left: list[bool] = []
    listener = listener_with()

    async def receive() -> Message:
        if not leave_at_once:
            await asyncio.sleep(0.01)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        """Lose it."""

    def note() -> None:
        left.append(True)

    stream = EventStream(listener, RULES.live, fine, note)
    asyncio.run(stream({"type": "http"}, receive, send))
    return left == [True]


@pytest.mark.parametrize("leave_at_once", [True, False])
def test_whoever_goes_is_taken_out(leave_at_once: bool) -> None:
    assert ended(leave_at_once)
