"""Who gets which events: by site and by name, once each, nothing lost without a word."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

import pytest

from schemas.load import RULES
from serving.errors import LiveAway, TooManyStreams
from serving.live import feed as feed_module
from serving.live.feed import LiveFeed
from serving.live.listener import Listener, News, Wanted
from tests.unit.serving.live.made_up_tail import MadeUpTail, arrived

ALL: Final = Wanted()
SMALL: Final = replace(
    RULES.live, buffer_events=3, queue_events=2, linger_seconds=0, max_streams=3,
    max_streams_per_site=2,
)  # fmt: skip
Body = Callable[[LiveFeed, MadeUpTail], Awaitable[None]]


def live(body: Body) -> None:
    """Run a test's body over a feed with small limits."""
    tail = MadeUpTail()
    asyncio.run(_awaited(body(LiveFeed(tail, SMALL), tail)))


async def _awaited(what: Awaitable[None]) -> None:
    await what


async def news(listener: Listener) -> News:
    """Return what a listener was handed by now: what the tail gave passes the loop first."""
    await asyncio.sleep(0)
    return await listener.news(0.01)


async def ids(listener: Listener) -> list[str]:
    return [item.event_id for item in (await news(listener)).items]


def test_events_of_the_site_and_of_no_other() -> None:
    async def body(feed: LiveFeed, tail: MadeUpTail) -> None:
        shop, blog = await feed.listen("shop", ALL), await feed.listen("blog", ALL)
        tail.give(arrived(1), arrived(2, "blog"), arrived(3, "third"))
        assert await ids(shop) == ["e1"]
        assert await ids(blog) == ["e2"]
        assert await ids(shop) == []

    live(body)


def test_names_and_bots_are_chosen() -> None:
    async def body(feed: LiveFeed, tail: MadeUpTail) -> None:
        hints = await feed.listen("shop", Wanted(("rage_click",)))
        people = await feed.listen("shop", Wanted(without_bots=True))
        tail.give(arrived(1), arrived(2, event_name="rage_click"), arrived(3, is_bot=True))
        assert await ids(hints) == ["e2"]
        assert await ids(people) == ["e1", "e2"]

    live(body)


def test_a_retry_is_told_once() -> None:
    async def body(feed: LiveFeed, tail: MadeUpTail) -> None:
        listener = await feed.listen("shop", ALL)
        tail.give(arrived(1), arrived(2, event_id="e1"))
        assert await ids(listener) == ["e1"]

    live(body)


@pytest.mark.parametrize(
    "columns",
    [{"record_kind": "heartbeat"}, {"sender": "webhook"}, {"event_at": "soon"},
     {"event_at": 10**18}],
)  # fmt: skip
def test_what_is_no_event_of_the_view_is_not_told(columns: dict[str, Any]) -> None:
    async def body(feed: LiveFeed, tail: MadeUpTail) -> None:
        listener = await feed.listen("shop", ALL)
        tail.give(arrived(1, **columns), arrived(2))
        assert await ids(listener) == ["e2"]

    live(body)


def test_an_event_has_the_words_of_the_view_and_one_line() -> None:
    async def body(feed: LiveFeed, tail: MadeUpTail) -> None:
        listener = await feed.listen("shop", ALL)
        told: dict[str, Any] = {
            "page_title": "a\n\nid: 9",
            "properties": '{"n":"x\\ny"}',
            "event_at": 1_000,
        }
        tail.give(arrived(7, **told))
        (item,) = (await news(listener)).items
        place, data, *rest = item.frame.decode().split("\n")
        assert (place, rest) == ("id: 0-7", ["", ""])
        event = json.loads(data.removeprefix("data: "))
        assert event["event_at"] == "1970-01-01T00:00:01Z"
        assert event["page_title"] == told["page_title"]
        assert event["properties"] == {"n": "x\ny"}

    live(body)


def test_properties_that_are_no_object_are_left_out() -> None:
    async def body(feed: LiveFeed, tail: MadeUpTail) -> None:
        listener = await feed.listen("shop", ALL)
        tail.give(arrived(1, properties="no json"), arrived(2, properties="[]"))
        frames = [item.frame.decode() for item in (await news(listener)).items]
        assert ['"properties":{}' in frame for frame in frames] == [True, True]

    live(body)


def test_who_comes_back_gets_what_came_in_between() -> None:
    async def body(feed: LiveFeed, tail: MadeUpTail) -> None:
        gone = await feed.listen("shop", ALL)
        tail.give(arrived(1), arrived(2, event_name="rage_click"), arrived(3))
        await asyncio.sleep(0)
        assert await ids(await feed.listen("shop", ALL, "0-1")) == ["e2", "e3"]
        feed.leave("shop", gone)
        hints = await feed.listen("shop", Wanted(("rage_click",)), "0-1")
        assert await ids(hints) == ["e2"]

    live(body)


@pytest.mark.parametrize("place", ["0-1", "9-9", "nonsense"])
def test_who_comes_back_too_late_is_told_of_a_gap(place: str) -> None:
    async def body(feed: LiveFeed, tail: MadeUpTail) -> None:
        await feed.listen("shop", ALL)
        tail.give(*[arrived(number) for number in range(1, 5)])  # one more than is remembered
        await asyncio.sleep(0)
        late = await feed.listen("shop", ALL, place)
        assert (await news(late)).skipped == 1

    live(body)


def test_a_slow_listener_misses_the_oldest_and_is_told_so() -> None:
    async def body(feed: LiveFeed, tail: MadeUpTail) -> None:
        slow = await feed.listen("shop", ALL)
        tail.give(*[arrived(number) for number in range(5)])
        found = await news(slow)
        assert ([item.event_id for item in found.items], found.skipped) == (["e3", "e4"], 3)
        assert (await news(slow)).skipped == 0

    live(body)


def test_the_topic_is_read_only_while_somebody_listens() -> None:
    async def body(feed: LiveFeed, tail: MadeUpTail) -> None:
        assert tail.runs == 0
        first, second = await feed.listen("shop", ALL), await feed.listen("blog", ALL)
        assert (tail.runs, tail.wanted) == (1, frozenset({"shop", "blog"}))
        feed.leave("shop", first)
        feed.leave("shop", first)
        await asyncio.sleep(0.01)
        assert (tail.is_running, tail.wanted) == (True, frozenset({"blog"}))
        feed.leave("blog", second)
        await asyncio.sleep(0.01)
        assert tail.is_running is False
        third = await feed.listen("shop", ALL)
        tail.give(arrived(1))
        assert (tail.runs, await ids(third)) == (2, ["e1"])

    live(body)


def test_a_site_is_remembered_for_a_while() -> None:
    async def body() -> None:
        tail = MadeUpTail()
        feed = LiveFeed(tail, replace(SMALL, linger_seconds=60))
        feed.leave("shop", await feed.listen("shop", ALL))
        tail.give(arrived(1), arrived(2))
        await asyncio.sleep(0)
        assert await ids(await feed.listen("shop", ALL, "0-1")) == ["e2"]
        assert tail.runs == 1
        feed.close()

    asyncio.run(body())


def test_there_are_only_so_many_streams() -> None:
    async def body(feed: LiveFeed, tail: MadeUpTail) -> None:
        shop = [await feed.listen("shop", ALL) for _ in range(2)]
        with pytest.raises(TooManyStreams):
            await feed.listen("shop", ALL)
        await feed.listen("blog", ALL)
        with pytest.raises(TooManyStreams):
            await feed.listen("third", ALL)
        feed.leave("shop", shop[0])
        await feed.listen("third", ALL)

    live(body)


def test_without_kafka_nothing_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(feed: LiveFeed, tail: MadeUpTail) -> None:
        tail.is_away = True
        monkeypatch.setattr(feed_module, "_READY_SECONDS", 0.01)
        for _ in range(5):  # whoever is refused takes no place
            with pytest.raises(LiveAway):
                await feed.listen("shop", ALL)
        with pytest.raises(LiveAway, match="HEADWATER_KAFKA_BOOTSTRAP"):
            await LiveFeed(None, SMALL).listen("shop", ALL)

    live(body)


def test_all_streams_end_when_the_server_stops() -> None:
    async def body(feed: LiveFeed, tail: MadeUpTail) -> None:
        listener = await feed.listen("shop", ALL)
        feed.close()
        assert listener.is_over
        assert tail.is_running is False
        with pytest.raises(LiveAway):
            await feed.listen("shop", ALL)

    live(body)
