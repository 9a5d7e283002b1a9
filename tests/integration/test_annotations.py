"""Annotations of sites on a real Postgres, and over the API."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import pytest

from schemas.load import RULES
from serving.control import annotations, keys, sites
from serving.control.annotations import Annotation, Note
from serving.control.database import Connection
from serving.control.errors import InvalidAnnotation, UnknownAnnotation, UnknownSite
from tests.integration.own_api import Ask, own_api
from tests.integration.own_database import own_database
from tests.integration.stack import Stack

DAY: Final = date(2026, 3, 10)
# In Berlin it is the 10th already.
MOMENT: Final = datetime(2026, 3, 9, 23, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def conn(home: Stack) -> Iterator[Connection]:
    with own_database(home) as own:
        yield own


@pytest.fixture
def site(conn: Connection) -> str:
    made = sites.create_site(conn, f"s-{uuid.uuid4().hex[:8]}", timezone="Europe/Berlin")
    return made.site_id


@pytest.fixture
def ask(conn: Connection, tmp_path: Path) -> Iterator[Ask]:
    with own_api(conn, tmp_path) as asking:
        yield asking


def add(conn: Connection, site: str, text: str = "Sale", **given: Any) -> Annotation:
    return annotations.add(conn, site, Note(text, **(given or {"first": DAY})), "key_1")


def listed(conn: Connection, site: str, *days: date) -> list[str]:
    return [one.text for one in annotations.of_site(conn, site, *days)]


def test_a_note_says_when_what_and_who(conn: Connection, site: str) -> None:
    made = add(conn, site, "  Sale begins\nat nine ")
    assert (made.text, made.first_date, made.last_date) == ("Sale begins\nat nine", DAY, DAY)
    assert (made.noted_at, made.created_by, made.updated_by) == (None, "key_1", "key_1")
    assert made.created_at == made.updated_at
    moment = add(conn, site, "Deployed", at=MOMENT)
    assert (moment.first_date, moment.noted_at) == (None, MOMENT)
    assert annotations.get(conn, site, moment.annotation_id) == moment


def test_notes_of_a_range_are_those_that_touch_it(conn: Connection, site: str) -> None:
    add(conn, site, "long", first=date(2026, 3, 1), last=date(2026, 3, 31))
    add(conn, site, "eve", first=date(2026, 3, 9))
    add(conn, site, "begins", first=DAY, last=date(2026, 3, 12))
    add(conn, site, "ends", first=date(2026, 3, 8), last=DAY)
    add(conn, site, "day after", first=date(2026, 3, 11))
    assert listed(conn, site, DAY, DAY) == ["long", "ends", "begins"]
    assert listed(conn, site) == ["long", "ends", "eve", "begins", "day after"]
    assert listed(conn, site, date(2026, 4, 1), date(2026, 4, 1)) == []


def test_a_moment_belongs_to_a_date_of_the_sites_zone(conn: Connection, site: str) -> None:
    # 29 March has 23 hours in Berlin: from 23:00 UTC of the 28th to 22:00 UTC.
    first, last = datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)
    moments = {
        "before": first - timedelta(microseconds=1),
        "first": first,
        "noon": datetime(2026, 3, 29, 12, tzinfo=timezone(timedelta(hours=2))),
        "last": last - timedelta(microseconds=1),
        "after": last,
    }
    for text in ("noon", "after", "last", "before", "first"):
        add(conn, site, text, at=moments[text])
    add(conn, site, "day", first=date(2026, 3, 29))
    assert listed(conn, site, date(2026, 3, 29), date(2026, 3, 29)) == [
        "day", "first", "noon", "last",
    ]  # fmt: skip
    assert listed(conn, site) == ["before", "day", "first", "noon", "last", "after"]


def test_a_changed_note_is_the_same_note(conn: Connection, site: str) -> None:
    made = add(conn, site, first=DAY, last=date(2026, 3, 12))
    changed = annotations.change(conn, site, made.annotation_id, Note("Later", at=MOMENT), "page")
    assert (changed.text, changed.first_date, changed.noted_at) == ("Later", None, MOMENT)
    assert (changed.created_by, changed.updated_by) == ("key_1", "page")
    assert changed.created_at == made.created_at < changed.updated_at
    assert annotations.of_site(conn, site) == [changed]


def test_a_removed_note_is_gone(conn: Connection, site: str) -> None:
    made, kept = add(conn, site), add(conn, site, "kept")
    assert annotations.remove(conn, site, made.annotation_id) == made
    assert annotations.of_site(conn, site) == [kept]
    with pytest.raises(UnknownAnnotation):
        annotations.remove(conn, site, made.annotation_id)


def test_notes_go_with_their_site(conn: Connection, site: str) -> None:
    made, other = add(conn, site), sites.create_site(conn, f"o-{uuid.uuid4().hex[:8]}").site_id
    kept = add(conn, other)
    conn.execute("DELETE FROM sites WHERE site_id = %s", [site])
    with pytest.raises(UnknownAnnotation):
        annotations.get(conn, site, made.annotation_id)
    assert annotations.of_site(conn, other) == [kept]


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("text", {"text": " "}),
        ("text", {"text": "x" * (RULES.annotations.text_length + 1)}),
        ("text", {"text": "a\0"}),
        ("text", {"text": "\ud800"}),
        ("date", {"first": None}),
        ("date", {"at": MOMENT}),
        ("date", {"first": None, "last": DAY}),
        ("date", {"last": DAY, "at": MOMENT}),
        ("date", {"first": date(1969, 12, 31)}),
        ("until", {"last": date(2026, 3, 9)}),
        ("until", {"last": date(2201, 1, 1)}),
        ("until", {"first": None, "at": MOMENT, "last": DAY}),
        ("at", {"first": None, "at": datetime.max.replace(tzinfo=UTC)}),
    ],
)
def test_a_wrong_note_is_not_kept(
    conn: Connection, site: str, field: str, given: dict[str, Any]
) -> None:
    note = Note(**{"text": "Sale", "first": DAY, **given})
    with pytest.raises(InvalidAnnotation) as caught:
        annotations.add(conn, site, note, "key_1")
    assert caught.value.field == field
    assert caught.value.fix
    assert annotations.of_site(conn, site) == []
    made = add(conn, site)
    with pytest.raises(InvalidAnnotation):
        annotations.change(conn, site, made.annotation_id, note, "key_1")
    assert annotations.of_site(conn, site) == [made]


def test_whatever_is_kept_is_listed_at_the_edges_of_time(conn: Connection, site: str) -> None:
    first, last = datetime(1969, 12, 31, 23, tzinfo=UTC), datetime(2200, 12, 31, 23, tzinfo=UTC)
    second = timedelta(seconds=1)
    kept = {"date": {"first": date(1970, 1, 1)}, "end": {"first": date(2200, 12, 31)}}
    moments = {"second": {"at": first + 3600 * second}, "last": {"at": last - second}}
    for text, given in (kept | moments).items():
        add(conn, site, text, **given)
    assert listed(conn, site) == ["date", "second", "end", "last"]
    for beyond in (first - second, last, last.astimezone(timezone(-timedelta(hours=12)))):
        with pytest.raises(InvalidAnnotation) as caught:
            add(conn, site, at=beyond)
        assert caught.value.field == "at"


def test_a_site_has_so_many_notes(conn: Connection, site: str) -> None:
    made, most = add(conn, site), RULES.annotations.max_annotations
    conn.execute(
        "INSERT INTO annotations (annotation_id, site_id, first_date, last_date, text, created_by,"
        " updated_by) SELECT %s || n, %s, %s, %s, 'x', '', '' FROM generate_series(1, %s) AS n",
        [f"{site}-", site, DAY, DAY, most - 1],
    )
    with pytest.raises(InvalidAnnotation, match=f"{most} annotations"):
        add(conn, site)
    annotations.change(conn, site, made.annotation_id, Note("Changed", DAY), "page")
    annotations.remove(conn, site, made.annotation_id)
    assert add(conn, site, "again").text == "again"


def test_an_unknown_site_is_said_to_be_unknown(conn: Connection) -> None:
    with pytest.raises(UnknownSite):
        add(conn, "nowhere")
    with pytest.raises(UnknownSite):
        annotations.of_site(conn, "nowhere")


def test_the_api_adds_lists_changes_and_removes(conn: Connection, site: str, ask: Ask) -> None:
    key, path = keys.create_key(conn, site, "api"), f"/api/v1/sites/{site}/annotations"
    text = "'); DROP TABLE annotations; -- %s {} \u202e 🍵"
    made = ask("POST", path, key, json={"text": text, "at": "2026-03-09T23:30:00Z"})
    assert made.status_code == 201
    told = made.json()
    assert told["created_by"] == next(one.key_id for one in keys.list_keys(conn, site))
    assert (told["text"], told["date"], told["until"]) == (text, "2026-03-10", "2026-03-10")
    assert told["at"] == "2026-03-10T00:30:00+01:00"
    days = {"date": "2026-03-11", "until": "2026-03-20"}
    ask("POST", path, key, json={"text": "Sale", **days})
    assert ask("GET", path, key).json()["annotations"][0] == told
    found = ask("GET", path, key, params={"from": "2026-03-11", "to": "2026-03-11"}).json()
    assert [one["text"] for one in found["annotations"]] == ["Sale"]
    assert [one["at"] for one in found["annotations"]] == [None]
    one = f"{path}/{told['annotation_id']}"
    changed = ask("PUT", one, key, json={"text": "Moved", "date": "2026-03-11"}).json()
    assert (changed["text"], changed["date"], changed["at"]) == ("Moved", "2026-03-11", None)
    assert ask("DELETE", one, key).json() == changed
    for method in ("PUT", "DELETE"):
        assert (
            ask(method, one, key, json={"text": "x", "at": "2026-03-09T23:30:00Z"}).status_code
            == 404
        )
    assert len(ask("GET", path, key).json()["annotations"]) == 1


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"text": "x"}, ["date"]),
        ({"text": "", "date": "2026-03-10"}, ["text"]),
        ({"text": "a\0", "date": "2026-03-10"}, ["text"]),
        ({"text": "x", "date": "soon"}, ["date"]),
        ({"text": "x", "at": "2026-03-10T00:30:00"}, ["at"]),
        ({"text": "x", "at": "9999-12-31T23:59:59-12:00"}, ["at"]),
        ({"text": "x", "date": "2026-03-10", "until": "2026-03-09"}, ["until"]),
        ({"text": "x", "date": "2026-03-10", "more": 1}, ["more"]),
        ({"date": "2026-03-10"}, ["text"]),
    ],
)
def test_the_api_names_the_wrong_field(
    conn: Connection, site: str, ask: Ask, body: dict[str, Any], loc: list[str]
) -> None:
    key, path = keys.create_key(conn, site, "api"), f"/api/v1/sites/{site}/annotations"
    wrong = ask("POST", path, key, json=body)
    assert (wrong.status_code, wrong.json()["errors"][0]["loc"]) == (422, loc)
    assert annotations.of_site(conn, site) == []


@pytest.mark.parametrize(
    ("days", "loc"),
    [
        ({"from": "2026-03-10", "to": "2026-03-09"}, "to"),
        ({"from": "1969-12-31"}, "from"),
        ({"to": "9999-12-31"}, "to"),
        ({"from": "soon"}, "from"),
    ],
)
def test_a_range_that_is_none_is_refused(
    conn: Connection, site: str, ask: Ask, days: dict[str, str], loc: str
) -> None:
    key = keys.create_key(conn, site, "api")
    wrong = ask("GET", f"/api/v1/sites/{site}/annotations", key, params=days)
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["loc"][-1] == loc


def test_the_api_keeps_to_its_site(conn: Connection, site: str, ask: Ask) -> None:
    other = sites.create_site(conn, f"o-{uuid.uuid4().hex[:8]}").site_id
    key, theirs = keys.create_key(conn, site, "api"), add(conn, other)
    body = {"text": "Mine now", "date": "2026-03-10"}
    for name, status in ((other, 403), (site, 404)):
        one = f"/api/v1/sites/{name}/annotations/{theirs.annotation_id}"
        assert ask("PUT", one, key, json=body).status_code == status
        assert ask("DELETE", one, key).status_code == status
    for method in ("GET", "POST"):
        foreign = ask(method, f"/api/v1/sites/{other}/annotations", key, json=body)
        assert foreign.status_code == 403
    assert annotations.of_site(conn, other) == [theirs]
    assert annotations.of_site(conn, site) == []


def test_the_command_adds_lists_changes_and_removes(home: Stack) -> None:
    site = home.make_site(f"notes-{uuid.uuid4().hex[:8]}").site_id

    def told(*words: str) -> list[dict[str, Any]]:
        done = home.headwater("annotations", "list", site, *words, "--output", "json")
        rows: list[dict[str, Any]] = json.loads(done.stdout)
        return rows

    def add(*words: str) -> str:
        return home.headwater("annotations", "add", site, *words).stdout.strip()

    before = datetime.now(UTC).replace(microsecond=0)
    now = add("Released")
    sale = add("Sale", "--date", "2020-03-10", "--until", "2020-03-20")
    add("Deployed", "--at", "2020-03-11T00:30+01:00")
    assert [row["text"] for row in told("--to", "2020-12-31")] == ["Sale", "Deployed"]
    (row,) = [row for row in told() if row["annotation_id"] == now]
    assert before <= datetime.fromisoformat(row["at"]) <= datetime.now(UTC)
    assert row["updated_by"] == "command line"
    home.headwater("annotations", "change", site, sale, "No sale", "--date", "2020-03-12")
    found = told("--from", "2020-03-10", "--to", "2020-03-12")
    assert [(row["text"], row["date"], row["until"], row["at"]) for row in found] == [
        ("Deployed", "2020-03-10", "2020-03-10", "2020-03-10T23:30:00+00:00"),
        ("No sale", "2020-03-12", "2020-03-12", None),
    ]
    home.headwater("annotations", "remove", site, sale)
    gone = home.headwater("annotations", "remove", site, sale, check=False)
    assert (gone.returncode, "has no annotation" in gone.stderr) == (1, True)
    assert len(told()) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--at", "2020-03-10T00:30"), "no offset"),
        (("--at", "soon"), "no moment"),
        (("--date", "soon"), "not a date"),
        (("--until", "2020-03-10"), "either"),
        (("--date", "2020-03-10", "--until", "2020-03-09"), "before"),
    ],
)
def test_the_command_says_what_is_wrong(home: Stack, words: tuple[str, ...], said: str) -> None:
    site = home.make_site(f"wrong-{uuid.uuid4().hex[:8]}").site_id
    done = home.headwater("annotations", "add", site, "x", *words, check=False)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
