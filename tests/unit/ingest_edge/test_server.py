"""HTTP as clients of all sorts speak it, over real sockets of this machine."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ingest_edge import server as server_module
from ingest_edge.http import Answer, Receive, Request
from ingest_edge.server import Server

POST = b"POST /e?k=1 HTTP/1.1\r\nhost: e\r\ncontent-length: %d\r\n\r\n%s"

CHUNKED = (
    b"POST /a HTTP/1.1\r\nHost: e\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
)
UPGRADE = b"GET /a HTTP/1.1\r\nHost: e\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


class Echo:
    """Answers what it was asked; /slow waits until it may, /unread leaves the body alone."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.is_stopped = False
        self.pieces = 0
        self.replies: list[Callable[[], None]] = []

    async def start(self) -> None:
        return None

    async def stop(self) -> None:
        self.is_stopped = True

    def answer_at_once(self, request: Request, reply: Callable[[Answer], None]) -> bool:
        if request.path not in ("/now", "/soon"):
            return False
        said = b"%s %s" % (request.path.encode(), request.body)
        answer = Answer(200, said, b"text/plain", [(b"x-agent", b"e")])
        if request.path == "/now":
            reply(answer)
        else:
            self.replies.append(lambda: reply(answer))
        return True

    async def answer(self, request: Request, receive: Receive) -> Answer:
        if request.path == "/unread":
            return Answer(404, b"no", headers=[(b"connection", b"close")])
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return Answer(400)
            self.pieces += 1
            body += message["body"]
            if not message["more_body"]:
                break
        if request.path == "/slow":
            await self.may_answer.wait()
        said = f"{request.method} {request.path} {request.query_string.decode()} ".encode()
        return Answer(200, said + body, b"text/plain", [(b"x-agent", request.headers[b"host"])])


Scene = Callable[[int, Echo, Server], Awaitable[None]]


def play(scene: Scene) -> Echo:
    """Run a scene against a server of its own, then stop it."""

    async def run() -> Echo:
        echo = Echo()
        server = Server(echo)

        port: asyncio.Future[int] = server.loop.create_future()
        serving = asyncio.create_task(server.run("127.0.0.1", 0, port.set_result))
        try:
            await asyncio.wait_for(scene(await port, echo, server), 10)
        finally:
            server.stop()
            await serving
        return echo

    return asyncio.run(run())


async def say(port: int, *parts: bytes, until: int = 0) -> bytes:
    """Send the parts one by one; return all that comes, or what comes until so many bodies did."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0.01)
    found = b""
    while not until or found.count(b"x-agent") < until:
        piece = await reader.read(65_536)
        if not piece:
            break
        found += piece
    writer.close()
    return found


def test_requests_of_one_connection_are_answered_in_order() -> None:
    async def scene(port: int, echo: Echo, server: Server) -> None:
        slow = POST.replace(b"/e?k=1", b"/slow") % (1, b"a")
        asking = asyncio.create_task(say(port, slow + POST % (1, b"b"), POST % (1, b"c"), until=3))
        await asyncio.sleep(0.05)
        echo.may_answer.set()
        found = await asking
        assert found.count(b"HTTP/1.1 200 OK") == 3
        assert found.index(b"POST /slow  a") < found.index(b"k=1 b") < found.index(b"k=1 c")

    play(scene)


def test_a_whole_request_is_read_in_one_piece_and_others_as_they_come() -> None:
    async def scene(port: int, echo: Echo, server: Server) -> None:
        await say(port, POST % (3, b"abc"), until=1)
        assert echo.pieces == 1
        head, body = (POST % (6, b"abcdef")).split(b"abcdef")[0], b"abcdef"
        found = await say(port, head[:20], head[20:], body[:2], body[2:], until=1)
        assert found.endswith(b"POST /e k=1 abcdef")
        assert echo.pieces > 2

    play(scene)


@pytest.mark.parametrize(
    ("request_bytes", "answer"),
    [
        (CHUNKED, b"POST /a  abc"),
        (b"GET http://edge.example/a%20b?c=d HTTP/1.1\r\nHost: e\r\n\r\n", b"GET /a b c=d "),
        (UPGRADE, b"GET /a  "),
    ],
)  # fmt: skip
def test_other_ways_to_ask(request_bytes: bytes, answer: bytes) -> None:
    async def scene(port: int, echo: Echo, server: Server) -> None:
        assert (await say(port, request_bytes, until=1)).endswith(answer)

    play(scene)


def test_head_has_the_length_but_no_body() -> None:
    async def scene(port: int, echo: Echo, server: Server) -> None:
        found = await say(port, b"HEAD /a HTTP/1.1\r\nHost: e\r\n\r\n", until=1)
        assert b"content-length: 9\r\n" in found
        assert found.endswith(b"\r\n\r\n")

    play(scene)


def test_who_waits_for_permission_gets_it() -> None:
    async def scene(port: int, echo: Echo, server: Server) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = b"POST /a HTTP/1.1\r\nHost: e\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        writer.write(head)
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"ab")
        assert b"200 OK" in await reader.readuntil(b"ab")
        writer.close()

    play(scene)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"no http at all\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: e\r\nX: " + b"x" * 70_000, b"431"),
        (b"POST /unread HTTP/1.1\r\nHost: e\r\nContent-Length: 9\r\n\r\nabc", b"404"),
        (b"POST /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", b"400"),
    ],
)  # fmt: skip
def test_what_ends_the_connection(request_bytes: bytes, status: bytes) -> None:
    async def scene(port: int, echo: Echo, server: Server) -> None:
        assert (await say(port, request_bytes)).startswith(b"HTTP/1.1 " + status)

    play(scene)


@pytest.mark.parametrize(
    "head", [b"GET /a HTTP/1.0\r\n", b"GET /a HTTP/1.1\r\nConnection: close\r\n"]
)
def test_who_does_not_keep_the_connection_sees_it_end(head: bytes) -> None:
    async def scene(port: int, echo: Echo, server: Server) -> None:
        assert (await say(port, head + b"Host: e\r\n\r\n")).endswith(b"GET /a  ")

    play(scene)


def test_silence_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (
        ("_SWEEP_SECONDS", 0.01),
        ("BODY_SECONDS", 0.05),
        ("_IDLE_SECONDS", 0.05),
    ):
        monkeypatch.setattr(server_module, name, seconds)

    async def scene(port: int, echo: Echo, server: Server) -> None:
        assert await say(port, b"POST /e HT") == b""
        assert b"200 OK" in await say(port, POST % (1, b"a"))
        assert server.connections == set()

    play(scene)


def test_what_is_under_way_is_answered_before_the_end() -> None:
    async def scene(port: int, echo: Echo, server: Server) -> None:
        slow = POST.replace(b"/e?k=1", b"/slow") % (1, b"a")
        asking = asyncio.create_task(say(port, slow))
        idle = asyncio.create_task(say(port))
        await asyncio.sleep(0.05)
        server.stop()
        assert await idle == b""
        assert not echo.is_stopped
        echo.may_answer.set()
        assert (await asking).endswith(b"POST /slow  a")

    assert play(scene).is_stopped


def test_a_client_that_goes_away_leaves_nothing_behind() -> None:
    async def scene(port: int, echo: Echo, server: Server) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write((POST % (9, b"abc"))[:-1])
        await asyncio.sleep(0.02)
        writer.transport.abort()
        await asyncio.sleep(0.05)
        assert server.connections == set()

    play(scene)


def soon(content: bytes) -> bytes:
    return (POST % (len(content), content)).replace(b"/e?k=1", b"/soon")


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for a condition, at most 5 s."""
    async with asyncio.timeout(5):
        while not is_so():
            await asyncio.sleep(0.002)


def test_what_is_answered_at_once_keeps_its_place_in_the_line() -> None:
    async def scene(port: int, echo: Echo, server: Server) -> None:
        line = soon(b"a") + POST % (1, b"b") + soon(b"c") + POST.replace(b"/e?k=1", b"/now") % (
            1, b"d",
        )  # fmt: skip
        asking = asyncio.create_task(say(port, line, until=4))
        await until(lambda: len(echo.replies) == 1)
        echo.replies.pop()()
        found = await asking
        wanted = [b"/soon a", b"POST /e k=1 b", b"POST /soon  c", b"POST /now  d"]
        places = [found.index(answer) for answer in wanted]
        assert places == sorted(places)
        # What comes in pieces is not taken at once.
        assert (await say(port, *[soon(b"x")[:-1]], b"x", until=1)).endswith(b"POST /soon  x")

    play(scene)


def test_answers_at_once_end_the_connection_of_who_does_not_keep_it() -> None:
    async def scene(port: int, echo: Echo, server: Server) -> None:
        last = soon(b"a").replace(b"host: e", b"host: e\r\nconnection: close") + soon(b"b")
        asking = asyncio.create_task(say(port, last))
        await until(lambda: len(echo.replies) == 1)
        echo.replies.pop()()
        assert (await asking).endswith(b"/soon a")

    play(scene)


def test_an_answer_that_comes_after_the_client_went_goes_nowhere() -> None:
    async def scene(port: int, echo: Echo, server: Server) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(soon(b"a"))
        await until(lambda: len(echo.replies) == 1)
        writer.transport.abort()
        await until(lambda: not server.connections)
        echo.replies.pop()()
        assert b"/now z" in await say(port, POST.replace(b"/e?k=1", b"/now") % (1, b"z"), until=1)

    play(scene)


def test_what_is_taken_at_once_is_answered_before_the_end() -> None:
    async def scene(port: int, echo: Echo, server: Server) -> None:
        asking = asyncio.create_task(say(port, soon(b"a")))
        await until(lambda: len(echo.replies) == 1)
        server.stop()
        await asyncio.sleep(0.05)
        assert not echo.is_stopped
        echo.replies.pop()()
        assert (await asking).endswith(b"/soon a")

    assert play(scene).is_stopped


def test_who_is_taken_at_once_is_not_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_SWEEP_SECONDS", "_IDLE_SECONDS", "BODY_SECONDS"):
        monkeypatch.setattr(server_module, name, 0.01)

    async def scene(port: int, echo: Echo, server: Server) -> None:
        asking = asyncio.create_task(say(port, soon(b"a")))
        await until(lambda: len(echo.replies) == 1)
        await asyncio.sleep(0.1)
        echo.replies.pop()()
        assert (await asking).endswith(b"/soon a")
        await until(lambda: not server.connections)

    play(scene)
