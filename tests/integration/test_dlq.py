"""A record that nobody can read is set aside, and the command shows where and why."""

import json
import uuid
from pathlib import Path
from typing import Any

from schemas.load import FOLDER
from tests.integration.stack import Stack


def letter_of(stack: Stack, place: tuple[int, int]) -> dict[str, Any] | None:
    letters = json.loads(stack.headwater("dlq", "ls", "--output", "json").stdout)
    found = [one for one in letters if (one["partition"], one["offset"]) == place]
    return found[0] if found else None


def test_what_is_not_json_is_listed_and_shown(stack: Stack) -> None:
    from kafka import KafkaProducer

    payload = f"not json {uuid.uuid4()}"
    producer = KafkaProducer(bootstrap_servers=stack.environment["HEADWATER_KAFKA_BOOTSTRAP"])
    sent = producer.send("events", payload.encode(), partition=0).get(10)
    producer.close()
    letter = stack.wait_until("the letter", lambda: letter_of(stack, (0, sent.offset)))
    assert (letter["topic"], letter["reason"]) == ("events", "not_json")
    shown = stack.headwater("dlq", "show", "events", "0", str(sent.offset))
    assert shown.stdout.rstrip("\n") == payload
    assert "not_json" in shown.stderr


def test_a_mended_letter_becomes_an_event(stack: Stack, tmp_path: Path) -> None:
    from kafka import KafkaProducer

    site = stack.make_site(f"mended-{uuid.uuid4().hex[:8]}")
    whole = json.loads((FOLDER / "examples/event/full.pass.json").read_text("utf-8"))
    whole |= {"site_id": site.site_id, "event_id": str(uuid.uuid4()), "visitor_id": "v1"}
    producer = KafkaProducer(bootstrap_servers=stack.environment["HEADWATER_KAFKA_BOOTSTRAP"])
    broken = json.dumps(whole | {"event_at": "soon"}).encode()
    sent = producer.send("events", broken, partition=1).get(10)
    producer.close()
    letter = stack.wait_until("the letter", lambda: letter_of(stack, (1, sent.offset)))
    assert (letter["reason"], letter["field"]) == ("missing_field", "event_at")
    place = ("events", "1", str(sent.offset))
    refused = stack.headwater("dlq", "retry", *place, check=False)
    assert refused.returncode == 3
    assert "event_at is required" in refused.stderr
    assert "--from" in refused.stderr
    file = tmp_path / "letter.json"
    file.write_text(json.dumps(whole), "utf-8")
    assert (
        "event." in stack.headwater("dlq", "retry", *place, "--from", str(file), "--dry-run").stderr
    )
    stack.headwater("dlq", "retry", *place, "--from", str(file))
    query = f"SELECT event_id FROM lake.web.events WHERE site_id = '{site.site_id}'"
    found = stack.wait_until("the event is a row", lambda: stack.sql(query), 90, pause=2)
    assert found == [(whole["event_id"],)]


def test_a_place_without_a_letter_is_said(stack: Stack) -> None:
    done = stack.headwater("dlq", "show", "events", "0", "999999999", check=False)
    assert done.returncode == 1
    assert "headwater dlq ls" in done.stderr
