"""What can be brought back, and what is said of the rest."""

import json
from typing import Any

import pytest

from pipelines.dead_letters import Unusable, mend
from schemas.load import FOLDER, TOPICS

EVENT: dict[str, Any] = json.loads((FOLDER / "examples/event/full.pass.json").read_text("utf-8"))
HEARTBEAT: dict[str, Any] = json.loads(
    (FOLDER / "examples/heartbeat/usual.pass.json").read_text("utf-8")
)


def content_of(**changes: Any) -> bytes:
    changed = EVENT | changes
    return json.dumps({k: v for k, v in changed.items() if v is not None}).encode()


def reasons(topic: str, content: bytes) -> list[str]:
    with pytest.raises(Unusable) as caught:
        mend(TOPICS[topic], content)
    return caught.value.reasons


def test_a_whole_record_keeps_its_bytes_and_gets_key_and_header() -> None:
    content = content_of(site_id="s1", visitor_id="v1")
    mended = mend(TOPICS["events"], content)
    assert (mended.value, mended.key, mended.schema.split(".")[0]) == (content, b"s1:v1", "event")
    assert mend(TOPICS["imported-events"], content).topic == "imported-events"


def test_an_event_of_no_visitor_goes_by_its_id() -> None:
    content = content_of(site_id="s1", visitor_id=None, event_id="e1")
    assert mend(TOPICS["events"], content).key == b"s1:e1"


def test_a_heartbeat_is_a_record_of_the_topic() -> None:
    mended = mend(TOPICS["events"], json.dumps(HEARTBEAT).encode())
    assert mended.schema.split(".")[0] == "heartbeat"


@pytest.mark.parametrize("content", [b"not json", b"[1]", b'{"a":NaN}', b'{"a":"\xff"}', b""])
def test_what_is_no_json_object_is_named(content: bytes) -> None:
    (reason,) = reasons("events", content)
    assert "no JSON object" in reason


def test_every_field_that_is_wrong_is_named() -> None:
    found = reasons("events", content_of(event_id=None, event_at="soon", is_bot=1))
    assert sorted(reason.split()[0] for reason in found) == ["event_at", "event_id", "is_bot"]


def test_a_record_of_another_kind_is_named() -> None:
    (reason,) = reasons("events", content_of(record_kind="wave"))
    assert "wave" in reason
    assert "heartbeat" in reason


def test_what_no_broker_takes_is_named() -> None:
    limit = TOPICS["events"].max_message_bytes
    (reason,) = reasons("events", content_of(page_title="x" * limit))
    assert str(limit) in reason
