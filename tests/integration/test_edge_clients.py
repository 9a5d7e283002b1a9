"""Published clients of others, unchanged, against the real edge: each event once, none twice."""

import json
import subprocess
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from infra.local.bootstrap import MAIN, install_packages
from infra.local.progress import Progress
from serving.control import keys
from tests.integration.commands import post
from tests.integration.edge_topics import values
from tests.integration.fault_proxy import Fault, FaultProxy, Passage, fault_proxy
from tests.integration.stack import Stack, TestSite

pytestmark = pytest.mark.slow

FOLDER: Final = Path(__file__).parent / "clients"
CLIENTS: Final = (
    "segment_python.py", "rudder_python.py", "posthog_python.py", "segment_node.mjs",
    "posthog_node.mjs",
)  # fmt: skip
GOOD: Final[list[dict[str, Any]]] = [{"plan": "pro"}, {"revenue": 9.5}, {"text": "é😀\u0000"}]
# A key that is used up takes the next request after five seconds.
_PER_MINUTE: Final = 12
BAD: Final[dict[str, Any]] = {"revenue": "a lot"}


class Sent(NamedTuple):
    """What one client did: the errors it told of, and what went through the proxy."""

    errors: list[str]
    passages: list[Passage]

    @property
    def statuses(self) -> list[int]:
        """Return the answers in order."""
        return [passage.status for passage in self.passages]


@pytest.fixture(scope="module")
def node_clients() -> None:
    install_packages(FOLDER, Progress())


@pytest.fixture
def site(stack: Stack, node_clients: None) -> TestSite:
    return stack.make_site(f"clients-{uuid.uuid4().hex[:8]}")


def run_client(client: str, proxy: FaultProxy, key: str, properties: list[dict[str, Any]]) -> Sent:
    """Send an event for each of the properties, numbered, in a process of its own."""
    program = MAIN / "bin" / ("python" if client.endswith(".py") else "node")
    events = [
        {"id": str(uuid.uuid4()), "visitor": client, "name": "bought", "properties": {**p, "n": n}}
        for n, p in enumerate(properties)
    ]
    job = {"key": key, "host": proxy.address, "events": events}
    done = subprocess.run(
        [str(program), str(FOLDER / client)],
        input=json.dumps(job), capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{client}: {done.stdout}{done.stderr}"
    return Sent(json.loads(done.stdout.splitlines()[-1]), proxy.passages)


def run_all(
    stack: Stack,
    key_of: dict[str, str],
    properties: list[dict[str, Any]],
    *faults: Fault,
    used_up: bool = False,
) -> dict[str, Sent]:
    """Run all clients side by side, each behind a proxy of its own.

    With `used_up` a client's key has nothing left when its first request comes.
    """

    def run(client: str) -> Sent:
        first: list[Fault] = [partial(use_up, stack, key_of[client])] if used_up else []
        with fault_proxy(stack.url("edge"), *first, *faults) as proxy:
            return run_client(client, proxy, key_of[client], properties)

    with ThreadPoolExecutor(len(CLIENTS)) as pool:
        return dict(zip(CLIENTS, pool.map(run, CLIENTS), strict=True))


def same_key(key: str) -> dict[str, str]:
    return dict.fromkeys(CLIENTS, key)


def kept(stack: Stack, site: TestSite) -> dict[str, list[int]]:
    """Return the numbers of each client's events in the topic; copies of an id count once."""
    all_of_it = values(stack, "events")
    ids = {value["event_id"]: value for value in all_of_it if value.get("site_id") == site.site_id}
    found: dict[str, list[int]] = {client: [] for client in CLIENTS}
    for value in ids.values():
        found[value["visitor_id"]].append(json.loads(value["properties"])["n"])
    return {client: sorted(numbers) for client, numbers in found.items()}


def assert_nothing_again(sent: dict[str, Sent]) -> None:
    """Hold that no client sends what it was told is accepted."""
    for client, (_, passages) in sent.items():
        told = Counter(n for p in passages if p.status == 200 for n in p.events)
        assert set(told.values()) <= {1}, client


def in_table(stack: Stack, site: TestSite, count: int) -> None:
    """Wait until the site's events are in the table, and hold that none is there twice."""
    query = (
        "SELECT count(*), count(DISTINCT event_id) FROM lake.web.events "
        f"WHERE site_id = '{site.site_id}'"
    )
    what = f"{count} events in the table"
    stack.wait_until(what, lambda: stack.sql(query)[0][0] >= count, seconds=90, pause=2)
    assert stack.sql(query) == [(count, count)]


def test_good_and_partly_refused_batches_are_sent_once(stack: Stack, site: TestSite) -> None:
    sent = run_all(stack, same_key(site.write_key), [*GOOD, BAD])
    assert {client: one.errors for client, one in sent.items()} == dict.fromkeys(CLIENTS, [])
    assert_nothing_again(sent)
    assert kept(stack, site) == dict.fromkeys(CLIENTS, [0, 1, 2])
    found = values(stack, "events")
    ours = [value for value in found if value.get("site_id") == site.site_id]
    assert {value["library_name"] for value in ours if "library_name" in value} >= {
        "@segment/analytics-node", "posthog-node", "posthog-python",
    }  # fmt: skip
    texts = {json.loads(v["properties"])["text"] for v in ours if '"text"' in v["properties"]}
    assert texts == {"é😀\u0000"}
    refused = values(stack, "rejected-events")
    reasons = [(r["reason"], r["field"]) for r in refused if r.get("site_id") == site.site_id]
    assert reasons == [("bad_event", "properties.revenue")] * len(CLIENTS)


def test_a_batch_of_which_nothing_can_be_taken_is_given_up(stack: Stack, site: TestSite) -> None:
    sent = run_all(stack, same_key(site.write_key), [BAD])
    assert {client: one.statuses for client, one in sent.items()} == dict.fromkeys(CLIENTS, [400])
    assert [client for client, one in sent.items() if not one.errors] == []
    assert kept(stack, site) == dict.fromkeys(CLIENTS, [])


def test_clients_wait_until_a_limit_lets_them_pass(stack: Stack, site: TestSite) -> None:
    with stack.postgres() as connection:
        made = {
            client: keys.create_key(
                connection, site.site_id, "pub", client, requests_per_minute=_PER_MINUTE
            )
            for client in CLIENTS
        }
    sent = run_all(stack, made, GOOD, used_up=True)
    for client, one in sent.items():
        assert one.errors == [], client
        assert set(one.statuses[:-1]) == {429}, (client, one.statuses)
        assert one.statuses[-1] == 200, (client, one.statuses)
    assert kept(stack, site) == dict.fromkeys(CLIENTS, [0, 1, 2])


def test_an_edge_that_is_away_and_an_answer_that_is_lost(stack: Stack, site: TestSite) -> None:
    sent = run_all(stack, same_key(site.write_key), GOOD, "503", "lost")
    for client, one in sent.items():
        assert one.errors == [], client
        assert one.statuses == [503, 0, 200], client
    assert kept(stack, site) == dict.fromkeys(CLIENTS, [0, 1, 2])
    in_table(stack, site, len(CLIENTS) * len(GOOD))


def use_up(stack: Stack, key: str) -> None:
    """Ask with the key until the edge has enough of it."""

    def is_used_up() -> bool:
        return post(stack.url("edge"), "/v1/batch", {"writeKey": key, "batch": []})[0] == 429

    stack.wait_until("the key is used up", is_used_up, seconds=30, pause=0)
