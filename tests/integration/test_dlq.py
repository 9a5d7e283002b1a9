"""A record that nobody can read is set aside, and the command shows where and why."""

import json
import uuid
from typing import Any

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


def test_a_place_without_a_letter_is_said(stack: Stack) -> None:
    done = stack.headwater("dlq", "show", "events", "0", "999999999", check=False)
    assert done.returncode == 1
    assert "headwater dlq ls" in done.stderr
