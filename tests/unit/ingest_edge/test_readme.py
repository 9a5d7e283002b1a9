"""The README names every route, reason and setting there is."""

import re
from pathlib import Path

import ingest_edge
from ingest_edge.app import GETS
from ingest_edge.errors import DropReason
from ingest_edge.routes.table import ROUTES

FOLDER = Path(ingest_edge.__file__).parent
TEXT = (FOLDER / "README.md").read_text("utf-8")


def test_every_route_is_described() -> None:
    routes = {*GETS, *(route.path for route in ROUTES)}
    missing = [route for route in routes if not re.search(re.escape(route) + r"[/`?]", TEXT)]
    assert missing == []


def test_every_drop_reason_is_described() -> None:
    assert [reason for reason in DropReason if f"`{reason}`" not in TEXT] == []


def test_every_setting_is_described() -> None:
    names = set(re.findall(r"HEADWATER_[A-Z0-9_]+", (FOLDER / "config.py").read_text("utf-8")))
    assert names
    assert [name for name in sorted(names) if f"`{name}`" not in TEXT] == []


def test_every_file_it_links_to_is_there() -> None:
    for page in (FOLDER / "README.md", FOLDER / "tracker" / "README.md"):
        links = re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8"))
        assert [link for link in links if not (page.parent / link).exists()] == []
