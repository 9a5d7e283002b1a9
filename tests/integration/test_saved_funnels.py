"""Funnels that sites keep: on a real Postgres, and over the API."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from schemas.load import RULES
from serving.control import funnels, keys, sites
from serving.control.database import Connection
from serving.control.errors import DuplicateFunnel, InvalidFunnel, UnknownFunnel, UnknownSite
from serving.lake import Records
from serving.query.sql import Sql
from tests.integration.own_api import Ask, own_api
from tests.integration.own_database import own_database
from tests.integration.stack import Stack

PAGE: Final = {"match": "exact", "path": "/pricing"}
EVENT: Final = {"event_name": "purchase", "properties": [{"name": "plan", "value": "pro"}]}
DEFINITION: Final[dict[str, Any]] = {
    "steps": [PAGE, {"event_name": "sign_up", "optional": True}, EVENT],
    "order": "strict",
    "window_seconds": 3600,
    "exclusions": [{"event_name": "support_asked", "after_step": 1, "before_step": 3}],
}
DAYS: Final = {"from": "2026-03-01", "to": "2026-03-31"}


@pytest.fixture(scope="module")
def conn(home: Stack) -> Iterator[Connection]:
    with own_database(home) as own:
        yield own


@pytest.fixture
def site(conn: Connection) -> str:
    made = sites.create_site(conn, f"s-{uuid.uuid4().hex[:8]}", timezone="Europe/Berlin")
    return made.site_id


@pytest.fixture
def read() -> list[Sql]:
    """Return what the lake was asked about funnels, as it comes in."""
    return []


@pytest.fixture
def ask(conn: Connection, tmp_path: Path, read: list[Sql]) -> Iterator[Ask]:
    def lake(sql: Sql) -> Records:
        if "happened" in sql.text:
            read.append(sql)
        return []

    with own_api(conn, tmp_path, lake) as asking:
        yield asking


def add(conn: Connection, site: str, funnel_id: str = "buy", **given: Any) -> funnels.SavedFunnel:
    return funnels.add(conn, site, funnel_id, **{"definition": DEFINITION, **given})


def test_a_funnel_is_kept_as_it_was_asked_for_and_with_what_was_left_out(
    conn: Connection, site: str
) -> None:
    made = add(conn, site, name=" From prices ")
    assert (made.funnel_id, made.name) == ("buy", "From prices")
    assert funnels.definition_of(made.definition).as_json() == made.definition
    short = add(conn, site, "a-short_one", definition={"steps": [PAGE, EVENT]})
    assert short.name == "a-short_one"
    assert short.definition["order"] == "ordered"
    # A default that changes later changes no funnel that is kept.
    assert short.definition["window_seconds"] == RULES.funnels.window_seconds
    assert funnels.of_site(conn, site) == [short, made]


def test_an_id_is_taken_once_and_may_be_replaced(conn: Connection, site: str) -> None:
    first = add(conn, site)
    with pytest.raises(DuplicateFunnel, match="buy"):
        add(conn, site, definition={"steps": [PAGE, EVENT]})
    assert funnels.of_site(conn, site) == [first]
    given: dict[str, Any] = {"definition": {"steps": [EVENT, PAGE]}, "name": "Other"}
    done = add(conn, site, is_replacing=True, **given)
    assert (done.name, len(done.definition["steps"])) == ("Other", 2)
    assert done.created_at == first.created_at < done.updated_at
    assert add(conn, site, "new", is_replacing=True).funnel_id == "new"


def test_a_removed_funnel_is_gone(conn: Connection, site: str) -> None:
    made, kept = add(conn, site), add(conn, site, "kept")
    assert funnels.remove(conn, site, "buy") == made
    assert funnels.of_site(conn, site) == [kept]
    with pytest.raises(UnknownFunnel):
        funnels.remove(conn, site, "buy")
    assert add(conn, site).funnel_id == "buy"


def test_funnels_go_with_their_site(conn: Connection, site: str) -> None:
    other = sites.create_site(conn, f"o-{uuid.uuid4().hex[:8]}").site_id
    add(conn, site)
    kept = add(conn, other)
    conn.execute("DELETE FROM sites WHERE site_id = %s", [site])
    assert funnels.of_site(conn, site) == []
    assert funnels.of_site(conn, other) == [kept]


@pytest.mark.parametrize(
    ("loc", "given"),
    [
        (("funnel_id",), {"funnel_id": "Not A Slug"}),
        (("name",), {"name": "x" * (RULES.goals.name_length + 1)}),
        (("steps",), {"definition": {"steps": [PAGE]}}),
        (("steps",), {"definition": {}}),
        (("steps", 0, "optional"), {"definition": {"steps": [PAGE | {"optional": True}, EVENT]}}),
        (("steps", 1, "event_name"), {"definition": {"steps": [PAGE, {"event_name": "a\0"}]}}),
        (("window_seconds",), {"definition": DEFINITION | {"window_seconds": 0}}),
        (("exclusions", 0, "before_step"),
         {"definition": DEFINITION | {"exclusions": [EVENT | {"before_step": 4}]}}),
        (("breakdown",), {"definition": DEFINITION | {"breakdown": "country"}}),
    ],
)  # fmt: skip
def test_a_wrong_funnel_is_not_kept(
    conn: Connection, site: str, loc: tuple[str | int, ...], given: dict[str, Any]
) -> None:
    with pytest.raises(InvalidFunnel) as caught:
        add(conn, site, **given)
    assert caught.value.loc == loc
    assert funnels.of_site(conn, site) == []


def test_a_site_has_so_many_funnels(conn: Connection, site: str) -> None:
    most = RULES.funnels.max_funnels
    for number in range(most):
        add(conn, site, f"f{number}")
    with pytest.raises(InvalidFunnel, match=f"{most} funnels"):
        add(conn, site, "more")
    assert add(conn, site, "f0", name="Changed", is_replacing=True).name == "Changed"
    funnels.remove(conn, site, "f0")
    assert add(conn, site, "more").funnel_id == "more"


def test_an_unknown_site_is_said_to_be_unknown(conn: Connection) -> None:
    with pytest.raises(UnknownSite):
        add(conn, "nowhere")


def test_the_api_adds_lists_replaces_and_removes(conn: Connection, site: str, ask: Ask) -> None:
    key, path = keys.create_key(conn, site, "api"), f"/api/v1/sites/{site}/funnels"
    text = "'); DROP TABLE funnels; -- %s {} \u202e 🍵"
    wanted = DEFINITION | {"funnel_id": "buy", "name": text}
    made = ask("POST", path, key, json=wanted)
    assert made.status_code == 201
    told = made.json()
    assert (told["name"], told["order"], told["steps"][2]["event_name"]) == (
        text, "strict", "purchase",
    )  # fmt: skip
    assert ask("POST", path, key, json=wanted).status_code == 409
    # What is told can be sent back as it is.
    again = {name: told[name] for name in ("funnel_id", *DEFINITION)} | {"is_replacing": True}
    replaced = ask("POST", path, key, json=again).json()
    assert replaced == told | {"name": "buy", "updated_at": replaced["updated_at"]}
    assert ask("GET", path, key).json() == {"site": site, "funnels": [replaced]}
    assert ask("DELETE", f"{path}/buy", key).json() == replaced
    assert ask("DELETE", f"{path}/buy", key).status_code == 404
    assert ask("GET", path, key).json()["funnels"] == []


def test_a_saved_funnel_is_asked_like_the_one_it_was_made_from(
    conn: Connection, site: str, ask: Ask, read: list[Sql]
) -> None:
    key, path = keys.create_key(conn, site, "api"), f"/api/v1/sites/{site}/funnels"
    ask("POST", path, key, json=DEFINITION | {"funnel_id": "buy"})
    more = {**DAYS, "breakdown": "country", "values": 3}
    at_once = ask("POST", f"{path}/ask", key, json=DEFINITION | more)
    by_id = ask("GET", f"{path}/buy/ask", key, params=more)
    assert (at_once.status_code, by_id.status_code) == (200, 200)
    shape = ("site", "order", "window_seconds", "steps", "breakdown")
    assert [by_id.json()[name] for name in shape] == [at_once.json()[name] for name in shape]
    asked_once = set(read)
    assert len(asked_once) == 1
    ask("POST", path, key, json={"funnel_id": "buy", "steps": [PAGE, EVENT], "is_replacing": True})
    assert len(ask("GET", f"{path}/buy/ask", key, params=DAYS).json()["steps"]) == 2
    assert read[-1] not in asked_once


@pytest.mark.parametrize(
    ("params", "loc"),
    [
        ({"from": "2026-03-31", "to": "2026-03-01"}, ["to"]),
        ({"breakdown": "entry_page"}, ["breakdown"]),
        ({"values": 0}, ["values"]),
        ({"from": "soon"}, ["from"]),
    ],
)
def test_what_a_saved_funnel_cannot_be_asked_is_named(
    conn: Connection,
    site: str,
    ask: Ask,
    read: list[Sql],
    params: dict[str, Any],
    loc: list[str],
) -> None:
    key = keys.create_key(conn, site, "api")
    add(conn, site)
    wrong = ask("GET", f"/api/v1/sites/{site}/funnels/buy/ask", key, params=params)
    assert (wrong.status_code, wrong.json()["errors"][0]["loc"]) == (422, loc)
    assert read == []


def test_a_funnel_kept_under_wider_limits_says_what_is_too_much_now(
    conn: Connection, site: str, ask: Ask, read: list[Sql]
) -> None:
    key, path = keys.create_key(conn, site, "api"), f"/api/v1/sites/{site}/funnels"
    add(conn, site)
    conn.execute(
        "UPDATE funnels SET definition = jsonb_set(definition, '{window_seconds}', %s)"
        " WHERE site_id = %s",
        [str(RULES.funnels.max_window_seconds + 1), site],
    )
    wrong = ask("GET", f"{path}/buy/ask", key)
    assert (wrong.status_code, wrong.json()["errors"][0]["loc"]) == (422, ["window_seconds"])
    assert ask("GET", path, key).status_code == 200
    assert read == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": [PAGE]},
        {"steps": [PAGE | {"optional": True}, EVENT]},
        {"steps": [PAGE, {"match": "regex", "path": "(?=x)"}]},
        {"steps": [PAGE, {}]},
        {"exclusions": [{"event_name": "x", "after_step": 3}]},
        {"window_seconds": 0},
        {"order": "random"},
        {"more": 1},
    ],
)
def test_the_api_says_the_same_of_a_wrong_funnel_kept_or_asked(
    conn: Connection, site: str, ask: Ask, wrong: dict[str, Any]
) -> None:
    key, path = keys.create_key(conn, site, "api"), f"/api/v1/sites/{site}/funnels"
    at_once = ask("POST", f"{path}/ask", key, json=DEFINITION | wrong)
    kept = ask("POST", path, key, json=DEFINITION | wrong | {"funnel_id": "buy"})
    assert kept.status_code == at_once.status_code == 422
    assert kept.json()["errors"] == at_once.json()["errors"]
    assert funnels.of_site(conn, site) == []


def test_the_api_keeps_to_its_site(conn: Connection, site: str, ask: Ask, read: list[Sql]) -> None:
    other = sites.create_site(conn, f"o-{uuid.uuid4().hex[:8]}").site_id
    key, theirs = keys.create_key(conn, site, "api"), add(conn, other)
    for name, status in ((other, 403), (site, 404)):
        path = f"/api/v1/sites/{name}/funnels"
        assert ask("DELETE", f"{path}/buy", key).status_code == status
        assert ask("GET", f"{path}/buy/ask", key).status_code == status
    path, body = f"/api/v1/sites/{other}/funnels", DEFINITION | {"funnel_id": "buy"}
    assert ask("GET", path, key).status_code == 403
    assert ask("POST", path, key, json=body | {"is_replacing": True}).status_code == 403
    assert funnels.of_site(conn, other) == [theirs]
    assert funnels.of_site(conn, site) == []
    assert read == []


def test_the_command_adds_lists_and_removes(home: Stack, tmp_path: Path) -> None:
    site, file = home.make_site(f"fun-{uuid.uuid4().hex[:8]}").site_id, tmp_path / "funnel.json"
    on_page = {"event_name": "click", **PAGE}
    file.write_text(json.dumps(DEFINITION | {"steps": [*DEFINITION["steps"], on_page]}))
    words = (site, "buy", "--file", str(file))
    assert home.headwater("funnels", "add", *words, "--name", "Bought").stdout == "buy\n"
    assert home.headwater("funnels", "add", *words, check=False).returncode == 1
    home.headwater("funnels", "add", *words, "--replace")
    (row,) = json.loads(home.headwater("funnels", "list", site, "--output", "json").stdout)
    assert row == {
        "site_id": site,
        "funnel_id": "buy",
        "name": "buy",
        "order": "strict",
        "window_seconds": 3600,
        "steps": "page exact /pricing > [sign_up] > purchase and plan=pro"
        " > click on page exact /pricing",
        "exclusions": "support_asked",
    }
    home.headwater("funnels", "remove", site, "buy")
    gone = home.headwater("funnels", "remove", site, "buy", check=False)
    assert (gone.returncode, "has no funnel" in gone.stderr) == (1, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no JSON"),
        ("[]", "no JSON object"),
        ('{"steps": []}', "steps: List should have at least 2"),
        ('{"steps": [{"event_name": "a"}, {}]}', "steps.1: Nothing is asked"),
    ],
)
def test_the_command_says_what_is_wrong(home: Stack, tmp_path: Path, text: str, said: str) -> None:
    site, file = home.make_site(f"wrong-{uuid.uuid4().hex[:8]}").site_id, tmp_path / "funnel.json"
    file.write_text(text)
    done = home.headwater("funnels", "add", site, "buy", "--file", str(file), check=False)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
