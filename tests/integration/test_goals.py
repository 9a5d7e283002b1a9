"""Goals of sites on a real Postgres, and the command that keeps them."""

import json
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from orchestration.opening import open_lake
from pipelines.lake.config import load_config
from schemas.goals import Destination, Event, Goal, Pages, SiteGoals
from schemas.load import RULES
from serving.control import goals, keys, restatements, sites
from serving.control.database import Connection, connect
from serving.control.definitions import definitions_by_site
from serving.control.errors import DuplicateGoal, InvalidGoal, UnknownGoal, UnknownSite
from tests.integration.own_api import Ask, own_api
from tests.integration.own_database import own_database
from tests.integration.stack import Stack

# In Berlin it is the 10th already.
NOW: Final = datetime(2026, 3, 9, 23, 30, tzinfo=UTC)
TODAY: Final = date(2026, 3, 10)
SHARE: Final = {"event_name": "share"}
THANKS: Final = {"match": "exact", "path": "/thanks"}


@pytest.fixture(scope="module")
def conn(home: Stack) -> Iterator[Connection]:
    with own_database(home) as own:
        yield own


@pytest.fixture
def site(conn: Connection) -> str:
    made = sites.create_site(conn, f"s-{uuid.uuid4().hex[:8]}", timezone="Europe/Berlin")
    return made.site_id


def add(conn: Connection, site: str, goal_id: str = "share", **given: Any) -> goals.Changed:
    given = {"kind": "event", "condition": SHARE, "now": NOW, **given}
    return goals.add_goal(conn, site, goal_id, **given)


def queued(conn: Connection, done: goals.Changed) -> list[date]:
    return [day for number in done.restatement_ids for day in restatements.get(conn, number).dates]


def test_a_goal_counts_from_the_sites_own_today(conn: Connection, site: str) -> None:
    done = add(conn, site, name="Shared")
    assert done.goal.goal == Goal("share", "Shared", "event", Event("share"), TODAY)
    assert done.restatement_ids == ()
    assert goals.list_goals(conn, site) == [done.goal]


def test_days_before_are_restated_when_asked_for_in_one_request(
    conn: Connection, site: str
) -> None:
    done = add(conn, site, restate_from=date(2026, 3, 7))
    assert done.goal.goal.counts_from == date(2026, 3, 7)
    assert queued(conn, done) == [date(2026, 3, day) for day in (7, 8, 9)]
    (number,) = done.restatement_ids
    assert restatements.get(conn, number).reason == "goal share counts from 2026-03-07"
    assert add(conn, site, "today", restate_from=TODAY).restatement_ids == ()


def test_years_are_restated_in_as_few_requests_as_may_be(conn: Connection, site: str) -> None:
    done = add(conn, site, restate_from=date(2024, 3, 10))
    assert len(done.restatement_ids) == 2
    dates = queued(conn, done)
    assert (len(dates), dates[0], dates[-1]) == (730, date(2024, 3, 10), date(2026, 3, 9))


def test_an_id_is_taken_once_and_may_be_replaced(conn: Connection, site: str) -> None:
    first = add(conn, site, restate_from=date(2026, 3, 7))
    with pytest.raises(DuplicateGoal, match="share"):
        add(conn, site)
    changed: dict[str, Any] = {"kind": "destination", "condition": THANKS, "is_replacing": True}
    done = add(conn, site, restate_from=date(2026, 3, 9), **changed)
    # What it counted on before, it still does, as it is now.
    condition = Destination("exact", "/thanks")
    assert done.goal.goal == Goal("share", "share", "destination", condition, date(2026, 3, 7))
    assert queued(conn, done) == [date(2026, 3, 9)]
    assert done.goal.created_at == first.goal.created_at
    assert done.goal.updated_at > first.goal.updated_at
    assert add(conn, f"{site}", "another").goal.goal.goal_id == "another"


def test_a_removed_goal_keeps_its_days(conn: Connection, site: str) -> None:
    add(conn, site, restate_from=date(2026, 3, 7))
    done = goals.remove_goal(conn, site, "share", now=NOW)
    assert (done.goal.goal.counts_until, done.restatement_ids) == (date(2026, 3, 9), ())
    assert done.goal.archived_at == NOW
    earlier = goals.remove_goal(conn, site, "share", now=NOW, restate_from=date(2026, 3, 8))
    assert earlier.goal.goal.counts_until == date(2026, 3, 7)
    assert queued(conn, earlier) == [date(2026, 3, 8), date(2026, 3, 9)]
    again = goals.remove_goal(conn, site, "share", now=NOW)
    assert again.goal.goal.counts_until == date(2026, 3, 7), "a day was given back"
    revived = add(conn, site, is_replacing=True)
    assert (revived.goal.archived_at, revived.goal.goal.counts_until) == (None, None)


def test_a_run_is_given_the_goals_of_its_site(conn: Connection, site: str) -> None:
    other = sites.create_site(conn, f"t-{uuid.uuid4().hex[:8]}", exclude_bots=True).site_id
    mine, theirs = add(conn, site).goal.goal, add(conn, other, "theirs").goal.goal
    assert goals.goals_of_site(conn, site) == SiteGoals((mine,), exclude_bots=False)
    by_site = {name: own.goals for name, own in definitions_by_site(conn).items()}
    assert by_site[other] == SiteGoals((theirs,), exclude_bots=True)
    assert by_site[site] == SiteGoals((mine,))


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("kind", {"kind": "funnel"}),
        ("path", {"kind": "destination", "condition": {"match": "regex", "path": "("}}),
        ("goal_id", {"goal_id": "Not A Slug"}),
        ("name", {"name": "x" * 121}),
        ("restate_from", {"restate_from": date(2026, 3, 11)}),
    ],
)
def test_a_wrong_goal_changes_nothing(
    conn: Connection, site: str, field: str, given: dict[str, Any]
) -> None:
    with pytest.raises(InvalidGoal) as caught:
        add(conn, site, **given)
    assert caught.value.field == field
    assert caught.value.fix
    assert goals.list_goals(conn, site) == []
    assert restatements.with_reason(conn, site, "goal share counts from 2026-03-07") == []


def test_who_is_not_there_is_said_to_be_unknown(conn: Connection, site: str) -> None:
    with pytest.raises(UnknownSite):
        add(conn, "nowhere")
    with pytest.raises(UnknownGoal, match="no goal"):
        goals.remove_goal(conn, site, "nothing", now=NOW)
    with pytest.raises(UnknownGoal):
        goals.get_goal(conn, site, "nothing")


def test_a_site_has_so_many_goals_even_if_they_come_at_once(conn: Connection, site: str) -> None:
    most = RULES.goals.max_goals
    for number in range(most - 1):
        add(conn, site, f"g{number}", kind="pages", condition={"at_least": number + 1})
    url = conn.info.dsn + f" password={conn.info.password}"
    refused: list[str] = []

    def try_one(goal_id: str) -> None:
        with connect(url) as mine:
            try:
                add(mine, site, goal_id)
            except InvalidGoal as error:
                refused.append(error.field)

    threads = [threading.Thread(target=try_one, args=[f"last{n}"]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["goal_id"] * 3
    assert len(goals.list_goals(conn, site)) == most
    assert add(conn, site, "g0", is_replacing=True).goal.goal.kind == "event"


def test_hostile_text_is_kept_as_it_is(conn: Connection, site: str) -> None:
    text = "'); DROP TABLE goals; -- %s {} $1 \u202e 🍵"
    condition = {"event_name": text, "properties": [{"name": text, "value": text}]}
    done = add(conn, site, name=text, condition=condition)
    assert goals.get_goal(conn, site, "share") == done.goal
    assert done.goal.goal.name == text
    assert isinstance(done.goal.goal.condition, Event)
    assert done.goal.goal.condition.properties[0].value == text


def listed(home: Stack, site: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(
        home.headwater("goals", "list", site, "--output", "json").stdout
    )
    return rows


def test_the_command_adds_lists_and_removes(home: Stack) -> None:
    site = home.make_site(f"goals-{uuid.uuid4().hex[:8]}").site_id
    regex = ("--destination", r"^/thanks/\d+$", "--match", "regex", "--name", "Bought")
    added = home.headwater("goals", "add", site, "bought", *regex)
    assert added.stdout == "bought\n"
    words = ("--event", "signup", "--property", "plan=pro", "--property", "note=a=b")
    home.headwater("goals", "add", site, "signup", *words, "--restate-from", "2026-03-01")
    home.headwater("goals", "add", site, "read", "--pages", "3")
    home.headwater("goals", "remove", site, "read")
    rows = {row["goal_id"]: row for row in listed(home, site)}
    assert {goal_id: row["reached_by"] for goal_id, row in rows.items()} == {
        "bought": r"page regex ^/thanks/\d+$",
        "read": "session of 3 pages",
        "signup": "signup and plan=pro and note=a=b",
    }
    assert (rows["bought"]["name"], rows["signup"]["counts_from"]) == ("Bought", "2026-03-01")
    assert rows["read"]["counts_until"] is not None
    # A restatement is given them, those of the days before included.
    lake = open_lake(load_config(home.environment))
    found = {goal.goal_id: goal.condition for goal in lake.goals(site).goals}
    assert found["read"] == Pages(3)
    assert found["bought"] == Destination("regex", r"^/thanks/\d+$")
    assert lake.goals("in-the-mirror-alone") == SiteGoals()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "one kind"),
        (("--pages", "3", "--duration", "10"), "one kind"),
        (("--pages", "0"), "0 is no number"),
        (("--pages", "3", "--property", "a=b"), "no such option"),
        (("--event", "e", "--match", "exact"), "no such option"),
        (("--event", "e", "--property", "plan"), "NAME=VALUE"),
        (("--destination", "(", "--match", "regex"), "unterminated"),
        (("--destination", "/a", "--restate-from", "soon"), "not a date"),
        (("--destination", "/a", "--restate-from", "2999-01-01"), "has not begun"),
    ],
)
def test_the_command_says_what_is_wrong(home: Stack, words: tuple[str, ...], said: str) -> None:
    site = f"wrong-{uuid.uuid4().hex[:8]}"
    home.make_site(site)
    done = home.headwater("goals", "add", site, "goal", *words, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert listed(home, site) == []


@pytest.fixture
def ask(conn: Connection, tmp_path: Path) -> Iterator[Ask]:
    with own_api(conn, tmp_path) as asking:
        yield asking


def test_the_api_adds_lists_and_removes(conn: Connection, site: str, ask: Ask) -> None:
    key, path = keys.create_key(conn, site, "api"), f"/api/v1/sites/{site}/goals"
    wanted = {"goal_id": "bought", "kind": "destination", "condition": THANKS}
    made = ask("POST", path, key, json={**wanted, "restate_from": "2026-03-01"})
    assert (made.status_code, made.json()["goal"]["condition"]) == (201, THANKS)
    assert restatements.get(conn, made.json()["restatement_ids"][0]).dates[0] == date(2026, 3, 1)
    assert ask("POST", path, key, json=wanted).status_code == 409
    gone = ask("DELETE", f"{path}/bought", key, params={"restate_from": "2026-03-01"})
    assert gone.json()["goal"]["counts_until"] == "2026-02-28"
    (listed,) = ask("GET", path, key).json()["goals"]
    assert (listed["goal_id"], listed["counts_until"]) == ("bought", "2026-02-28")
    assert ask("DELETE", f"{path}/nothing", key).status_code == 404


def test_the_api_names_the_wrong_field_and_keeps_to_its_site(
    conn: Connection, site: str, ask: Ask
) -> None:
    key, path = keys.create_key(conn, site, "api"), f"/api/v1/sites/{site}/goals"
    regex = {"match": "regex", "path": "("}
    wrong = ask("POST", path, key, json={"goal_id": "g", "kind": "destination", "condition": regex})
    (error,) = wrong.json()["errors"]
    assert (wrong.status_code, error["loc"]) == (422, ["path"])
    assert error["fix"]
    other = sites.create_site(conn, f"o-{uuid.uuid4().hex[:8]}").site_id
    body = {"goal_id": "g", "kind": "pages", "condition": {"at_least": 2}}
    for method in ("GET", "POST"):
        foreign = ask(method, f"/api/v1/sites/{other}/goals", key, json=body)
        assert foreign.status_code == 403
    assert ask("DELETE", f"/api/v1/sites/{other}/goals/g", key).status_code == 403
    assert goals.list_goals(conn, other) == goals.list_goals(conn, site) == []
