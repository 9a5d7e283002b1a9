"""The demo on a home that runs: what it prints works, and the next start reuses everything."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from cli.demo_site.history import DAYS, make_history
from cli.demo_site.setup import SITE
from tests.integration.commands import ask_api, get
from tests.integration.stack import HEADWATER, Stack

pytestmark = pytest.mark.slow
_LIVE = "SELECT count(*) FROM lake.analytics.events WHERE site_id = 'demo' AND sender = 'browser'"


@dataclass(frozen=True)
class Shown:
    """What the demo wrote."""

    stdout: str
    stderr: str

    def word(self, pattern: str) -> str:
        found = re.search(pattern, self.stdout)
        assert found, f"{pattern} is not in:\n{self.stdout}"
        return found[0]


@pytest.fixture(scope="module")
def shown(stack: Stack) -> Shown:
    done = stack.headwater("demo", "--no-live", timeout=500)
    return Shown(done.stdout, done.stderr)


@pytest.fixture
def live_demo(stack: Stack, shown: Shown) -> Iterator["subprocess.Popen[str]"]:
    """Start the demo with live visitors; whatever a test does, it ends."""
    process = subprocess.Popen(
        [str(HEADWATER), "--home", str(stack.home), "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def test_every_address_answers(shown: Shown) -> None:
    addresses = re.findall(r"^  (?:API docs|Flink|Trino|Dagster) +(\S+)", shown.stdout, re.M)
    assert len(addresses) == 4
    for address in addresses:
        assert get(address)[0] in (200, 303), address  # Trino's page sends to its sign-in


def test_the_link_signs_in_once(shown: Shown) -> None:
    link = shown.word(r"http\S+/sign-in\?token=\S+")
    first, again = get(link), get(link)
    assert "set-cookie" in first[1]
    assert "set-cookie" not in again[1]


def test_the_key_reads_the_history(stack: Stack, shown: Shown) -> None:
    """Every visit of the week is a session: none is joined, none is cut."""
    kept = json.loads((stack.home / "run" / "demo.json").read_text(encoding="utf-8"))
    last_day = date.fromisoformat(kept["last_day"])
    week = [(last_day - timedelta(days=DAYS - 1)).isoformat(), last_day.isoformat()]
    question = {"site": SITE, "metrics": ["sessions"], "date_range": week}
    answer = ask_api(stack, shown.word(r"hw_api_\w{32}"), question)
    assert answer["totals"]["metrics"] == [len(make_history(last_day))]


def test_sql_has_an_answer(shown: Shown) -> None:
    assert re.search(r"^Direct +\d+ +\d+$", shown.stdout, re.M)


def test_the_next_start_makes_nothing_twice(stack: Stack, shown: Shown) -> None:
    again = stack.headwater("demo", "--no-live")
    assert f"site {SITE} is there already" in again.stderr
    assert "is there already" in again.stderr.split("history")[1]
    assert shown.word(r"hw_api_\w{32}") in again.stdout


def test_live_visitors_come_until_ctrl_c(stack: Stack, live_demo: "subprocess.Popen[str]") -> None:
    before = stack.sql(_LIVE)[0][0]
    stack.wait_until("live events", lambda: stack.sql(_LIVE)[0][0] > before, seconds=120)
    live_demo.send_signal(signal.SIGINT)
    assert live_demo.wait(60) == 0
    assert stack.status().is_well, "the home was up before, so it stays up"
