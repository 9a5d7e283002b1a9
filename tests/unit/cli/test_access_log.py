"""The log reader: what a line says, which lines are page views, and that nothing raises."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.importing.access_log import (
    LogLine,
    Skipped,
    has_page_extension,
    parse_line,
    read_page_view,
)

AGENT = "Mozilla/5.0 (X11; Linux x86_64) Firefox/27.0"


def line(
    *,
    address: str = "203.0.113.9",
    time: str = "17/May/2015:10:05:03 +0000",
    request: str = "GET /blog/ HTTP/1.1",
    status: str = "200",
    referrer: str = "-",
    agent: str = AGENT,
) -> str:
    return f'{address} - - [{time}] "{request}" {status} 512 "{referrer}" "{agent}"\n'


def test_reads_every_field() -> None:
    text = line(request="GET /blog/?a=1 HTTP/1.1", referrer="http://example.org/")
    assert parse_line(text) == LogLine(
        address="203.0.113.9",
        requested_at=datetime(2015, 5, 17, 10, 5, 3, tzinfo=UTC),
        method="GET",
        target="/blog/?a=1",
        status=200,
        referrer="http://example.org/",
        user_agent=AGENT,
    )


@pytest.mark.parametrize(
    ("time", "utc"),
    [
        ("17/May/2015:10:05:03 +0200", datetime(2015, 5, 17, 8, 5, 3, tzinfo=UTC)),
        ("31/Dec/2015:22:30:00 -0330", datetime(2016, 1, 1, 2, 0, 0, tzinfo=UTC)),
    ],
)
def test_time_is_turned_into_utc(time: str, utc: datetime) -> None:
    read = parse_line(line(time=time))
    assert isinstance(read, LogLine)
    assert read.requested_at == utc


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not a log line",
        line(time="32/May/2015:10:05:03 +0000"),
        line(time="17/Mai/2015:10:05:03 +0000"),
        line(time="01/Jan/0001:00:00:00 +1400"),
        line(time="17/May/2015:10:05:03 +9900"),
        line(request="-"),
        line(request="GET"),
        line(request="GET /a b HTTP/1.1"),
        line().rstrip("\n").rstrip('"'),  # the agent's closing quote is missing
        '203.0.113.9 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 512',  # Common format
    ],
)
def test_what_does_not_parse_is_one_reason(text: str) -> None:
    assert parse_line(text) is Skipped.UNREADABLE


def test_a_host_name_is_no_address() -> None:
    assert parse_line(line(address="crawler.example.org")) is Skipped.NO_ADDRESS


def test_ipv6_and_user_names_with_spaces_are_read() -> None:
    text = line(address="2001:db8::7").replace("- - [", "- Jane Doe [")
    read = parse_line(text)
    assert isinstance(read, LogLine)
    assert read.address == "2001:db8::7"


def test_an_escaped_quote_stays_in_its_field() -> None:
    read = parse_line(line(agent=r"Odd \"agent\" 1.0", referrer=r"http://e.org/?q=\"x\""))
    assert isinstance(read, LogLine)
    assert read.user_agent == r"Odd \"agent\" 1.0"
    assert read.referrer == r"http://e.org/?q=\"x\""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (line(request="POST / HTTP/1.1"), Skipped.METHOD),
        (line(request="HEAD / HTTP/1.1"), Skipped.METHOD),
        (line(status="404"), Skipped.STATUS),
        (line(status="206"), Skipped.STATUS),
        (line(request="GET /a/logo.png HTTP/1.1"), Skipped.EXTENSION),
        (line(request="POST /a/logo.png HTTP/1.1", status="500"), Skipped.METHOD),
    ],
)
def test_other_requests_are_no_page_views(text: str, reason: Skipped) -> None:
    assert read_page_view(text) is reason


@pytest.mark.parametrize("status", ["200", "304"])
def test_a_page_seen_again_counts(status: str) -> None:
    assert isinstance(read_page_view(line(status=status)), LogLine)


@pytest.mark.parametrize(
    ("target", "is_page"),
    [
        ("/", True),
        ("/blog", True),
        ("/blog/", True),
        ("/index.html", True),
        ("/INDEX.HTM", True),
        ("/page.php?file=a.png", True),
        ("/page#part.js", True),
        ("/v1.2/guide", True),
        ("/a.css?v=/page", False),
        ("/notes.txt", False),
        ("/feed.xml", False),
        ("/odd.html%20target=", False),
        ("/.htaccess", False),
        ("/?flav=rss20", True),
    ],
)
def test_page_extensions(target: str, is_page: bool) -> None:
    assert has_page_extension(target) is is_page


@given(st.text())
def test_no_text_makes_the_reader_raise(text: str) -> None:
    assert isinstance(read_page_view(text), LogLine | Skipped)
