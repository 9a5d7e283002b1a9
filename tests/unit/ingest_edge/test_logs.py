"""The edge's log: one JSON object a line, about the edge and never about people."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from ingest_edge.logs import start_logging, without_addresses
from tests.unit.ingest_edge.fakes import PUB, Caller

SECRET = "erika@example.com"
ADDRESS = "81.2.69.142"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream, root = io.StringIO(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    start_logging(stream)
    yield stream
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_every_line_is_one_object(log: io.StringIO) -> None:
    logging.getLogger("edge.x").warning("two\nlines %s", "ä")
    (line,) = lines(log)
    assert set(line) == {"at", "level", "room", "msg"}
    assert (line["level"], line["room"], line["msg"]) == (
        "warning",
        "edge.x",
        "two\nlines ä",
    )
    assert line["at"].endswith("+00:00")


def test_defect_is_told_without_what_was_sent(
    edge: Caller, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError(f"cannot use {SECRET} of {ADDRESS}")

    monkeypatch.setattr("ingest_edge.gate.allowed_key", fail)
    edge.client = ADDRESS
    answer = edge.post(f"/sites/{SECRET}/events?u={SECRET}", {"batch": [{"userId": SECRET}]})
    assert answer.status_code == 500
    (line,) = lines(log)
    assert (line["error"], answer.json()["request_id"] in line["msg"]) == ("ValueError", True)
    assert any("gate.py" in place for place in line["where"])
    for private in (SECRET, ADDRESS, PUB):
        assert private not in log.getvalue()
        assert private not in answer.text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"lost {ADDRESS}", "lost [address]"),
        (f"<transport peername=('{ADDRESS}', 5)>", "<transport peername=('[address]', 5)>"),
        (f"{ADDRESS}:443 closed", "[address] closed"),
        ("to 2a02:cf40:add:4002::77.", "to [address]."),
        ("from ::ffff:81.2.69.142", "from [address]"),
        ("listening on 127.0.0.1:8100", "listening on 127.0.0.1:8100"),
        ("at 12:30:01.5, 3.5 s, v1.2.3, [::1]:9092", "at 12:30:01.5, 3.5 s, v1.2.3, [::1]:9092"),
    ],
)
def test_public_addresses_are_masked(text: str, clean: str) -> None:
    assert without_addresses(text) == clean


def test_requests_leave_no_line(edge: Caller, log: io.StringIO) -> None:
    edge.post("/e", {"visitor_id": SECRET, "events": [{"event_name": "x"}]})
    edge.post("/e", b"{", headers={"origin": f"https://{SECRET}"})
    edge.request("GET", f"/{SECRET}", key=None)
    assert lines(log) == []
