"""From file to batches: stable ids, one account of every line, batches the edge accepts."""

import gzip
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from cli.edge import Refused
from cli.errors import CliError, UsageFault
from cli.importing import events
from cli.importing.access_log import LogLine, Skipped, parse_line
from cli.importing.events import Source, batches, event_of
from cli.importing.files import open_log
from cli.importing.run import Tally, checked, post_log

AGENT = "Mozilla/5.0 (X11; Linux x86_64) Firefox/27.0"
PAGE = (
    '203.0.113.9 - - [17/May/2015:10:05:03 +0200] "GET /blog/?q=1 HTTP/1.1" 200 5 '
    f'"http://example.org/" "{AGENT}"'
)
IMAGE = PAGE.replace("/blog/?q=1", "/logo.png")
BROKEN = "half a li"
NONE: Mapping[str, str] = MappingProxyType({})
SOURCE = Source("ab" * 32, "www.example.com")


class FakeEdge:
    """Takes batches, or refuses the events whose id ends with one of `refusing`."""

    def __init__(self, refusing: tuple[str, ...] = ()) -> None:
        self.batches: list[list[dict[str, Any]]] = []
        self.fields: list[dict[str, Any]] = []
        self._refusing = refusing

    def post_batch(
        self, batch: list[dict[str, Any]], headers: Mapping[str, str] = NONE, **fields: Any
    ) -> list[Refused]:
        self.batches.append(batch)
        self.fields.append(fields)
        ids = [event["messageId"] for event in batch]
        return [
            Refused(one, "too_big")
            for one in ids
            if self._refusing and one.endswith(self._refusing)
        ]


def written(folder: Path, *lines: str) -> Path:
    path = folder / "access.log"
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def line() -> LogLine:
    read = parse_line(PAGE)
    assert isinstance(read, LogLine)
    return read


def test_event_names_page_time_address_and_agent() -> None:
    event = event_of(SOURCE, 7, line())
    assert event["type"] == "page"
    assert event["timestamp"] == "2015-05-17T08:05:03.000Z"
    assert event["context"]["ip"] == "203.0.113.9"
    assert event["context"]["userAgent"] == AGENT
    assert event["properties"] == {
        "url": "https://www.example.com/blog/?q=1",
        "path": "/blog/",
        "search": "?q=1",
        "referrer": "http://example.org/",
    }
    assert "anonymousId" not in event  # the edge makes the visitor, with the site's secret


def test_event_id_depends_on_file_and_line_only() -> None:
    first, again = event_of(SOURCE, 7, line()), event_of(SOURCE, 7, line())
    assert first["messageId"] == again["messageId"] == f"{SOURCE.id_prefix}7"
    assert event_of(SOURCE, 8, line())["messageId"] != first["messageId"]
    assert event_of(Source("cd" * 32, SOURCE.host), 7, line())["messageId"] != first["messageId"]


def test_batches_keep_order_and_limits() -> None:
    sized = [(1_000, {"n": n}) for n in range(1_000)]
    made = list(batches(sized))
    assert [event["n"] for batch in made for event in batch] == list(range(1_000))
    assert all(len(batch) * 1_000 <= events.BATCH_BYTES for batch in made)
    assert max(len(batch) for batch in made) <= events.BATCH_EVENTS


def test_one_big_event_is_a_batch_of_its_own() -> None:
    assert [len(batch) for batch in batches([(9, {}), (events.BATCH_BYTES + 1, {}), (9, {})])] == [
        1,
        1,
        1,
    ]


def test_every_line_read_is_accounted_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "BATCH_EVENTS", 2)
    path = written(tmp_path, PAGE, IMAGE, BROKEN, PAGE, PAGE)
    advanced: list[int] = []
    edge = FakeEdge(refusing=("-4",))
    tally = post_log(edge, open_log(path), SOURCE.host, advanced.append)
    assert (tally.read, tally.sent, tally.taken) == (5, 3, 2)
    assert tally.skipped == {Skipped.EXTENSION: 1, Skipped.UNREADABLE: 1}
    assert tally.read == tally.taken + len(tally.refused) + tally.skipped.total()
    assert sum(advanced) == 5
    assert edge.fields == [{"history": True}] * 2


def test_plain_and_gzip_give_the_same_events(tmp_path: Path) -> None:
    path = written(tmp_path, PAGE, PAGE)
    packed = tmp_path / "access.log.1.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert open_log(packed).digest == open_log(path).digest
    assert list(open_log(packed).lines()) == list(open_log(path).lines()) == [PAGE, PAGE]


def test_bytes_that_are_no_utf8_do_not_stop_the_import(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_bytes(PAGE.encode().replace(b"example.org", b"\xe4\xe5.org") + b"\n")
    tally = post_log(FakeEdge(), open_log(path), SOURCE.host, lambda _: None)
    assert tally.sent == 1


def test_a_missing_or_broken_file_is_a_usage_fault(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="cannot be read"):
        open_log(tmp_path / "absent.log")
    broken = tmp_path / "cut.gz"
    broken.write_bytes(gzip.compress(b"x" * 10_000)[:20])
    with pytest.raises(UsageFault, match="cannot be read"):
        open_log(broken)


def test_a_file_without_page_views_says_why() -> None:
    tally = Tally(read=2)
    tally.skipped[Skipped.EXTENSION] = 2
    with pytest.raises(CliError) as caught:
        checked(tally, "access.log")
    assert "2 skipped: not a page" in caught.value.fix
