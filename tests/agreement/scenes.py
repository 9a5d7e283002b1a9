"""What one visitor does for a while, in the ways in which counting has gone wrong before."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

Row = dict[str, Any]
MINUTE_MS: Final = 60_000
HALF_HOUR_MS: Final = 30 * MINUTE_MS
DAY_MS: Final = 24 * 60 * MINUTE_MS
# Pauses on either side of what ends a session or gives up a form.
LONG_PAUSES: Final = (HALF_HOUR_MS - 1, HALF_HOUR_MS, HALF_HOUR_MS + 1, 35 * MINUTE_MS)
SHORT_PAUSES: Final = (0, 1, 250, 5_000, 29_999, 30_000, MINUTE_MS, 12 * MINUTE_MS)
CLICK_PAUSES: Final = (0, 1, 100, 400, 499, 500, 501, 999, 1_000, 1_001, 1_500)
# Around 30 px: (18, 24) is exactly so far.
OFFSETS_PX: Final = (
    (0, 0),
    (0, 0),
    (1, 2),
    (29, 0),
    (30, 0),
    (31, 0),
    (18, 24),
    (18, 25),
    (0, 400),
)
TEXTS: Final = (
    "", " ", "plain", "größer", "日本語", "🦊", 'quo"te', "it's", "back\\slash", "line\nbreak",
    "tab\t", "null", "true", "$.form", "a|b", "a/b", '{"a":1}', "[1,2]", "x" * 300,
)  # fmt: skip
PATHS: Final = ("/", "/", "/pricing", "/cart", "/search?", "/größer", '/a"b', "/it's", "/x\\y", "")
ORIGINS: Final = (
    ("google", "organic", None, "Organic Search"),
    ("(direct)", "(none)", None, "Direct"),
    ("(direct)", "(none)", "", "Direct"),
    ("news|letter", "email", "spring 'sale'", "Email"),
    ("", "", "", "Unassigned"),
)
DEVICES: Final = (("desktop", "Firefox", "Linux"), ("mobile", "Safari", "iOS"), ("bot", None, ""))
PLAIN_NAMES: Final = (
    "page_view",
    "page_view",
    "page_view",
    "page_leave",
    "scroll_depth",
    "play",
    "",
)
ODD_PROPERTIES: Final[tuple[Row, ...]] = (
    {}, {"plan": "pro"}, {"deep": {"list": [1, None, {"x": "y"}]}}, {"message": {"no": "text"}},
    {"form": [], "fields": 7}, {"watched_ms": "soon", "dead_exempt": [1]}, {"größe": "44½", "": ""},
)  # fmt: skip


@dataclass(frozen=True)
class Made:
    """An event, and when it arrives.

    `late_ms`: so long after it happened, in any stream; None: whenever the stream says.
    `copies`: so many ms after its first arrival it arrives again.
    """

    event: Row
    late_ms: int | None
    copies: tuple[int, ...]


@dataclass
class Visit:
    """One visitor in one tab; the clock moves on with every act."""

    rng: Random
    site_id: str
    zone: ZoneInfo
    visitor_id: str | None
    at: int
    sender: str = "browser"
    is_flood: bool = False
    made: list[Made] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = self.rng
        self.counts_seq = rng.random() < 0.9
        self.says_when_sent = rng.random() < 0.9
        self.clock_off_ms = rng.choice((0, 0, 0, -6_000, 90_000, 10 * 365 * DAY_MS, -DAY_MS))
        device, browser, system = rng.choice(DEVICES)
        self.facts: Row = {
            "page_host": rng.choice(("shop.example", "www.shop.example", "", None)),
            "country": rng.choice(("DE", "", None)),
            "region": rng.choice(("Berlin", None)),
            "city": rng.choice(("Köln", "Xi'an", None)),
            "device": device,
            "browser": browser,
            "os": system,
            "is_bot": device == "bot",
            "bot_score": 90 if device == "bot" else 0,
            "is_new_visitor_hint": rng.choice((True, False, None)),
            "client_session_id": rng.choice((f"c{rng.randrange(99)}", None)),
            "page_view_id": rng.choice((f"p{rng.randrange(99)}", "", None)),
            "referrer": rng.choice(('https://www.google.com/?q=a|b"c', "", None)),
            "referrer_host": rng.choice(("www.google.com", None)),
            "library_name": rng.choice(("headwater", None)),
        }
        self.come_from(rng.choice(ORIGINS))

    def come_from(self, origin: tuple[str, str, str | None, str]) -> None:
        """Let what follows have come from there."""
        self.facts |= dict(zip(("source", "medium", "campaign", "channel"), origin, strict=True))

    def pause(self, pauses: tuple[int, ...]) -> None:
        """Let one of these times pass."""
        self.at += self.rng.choice(pauses)

    def act(self, name: str, properties: Row | None = None, **columns: Any) -> None:
        """Let an event happen now."""
        rng, number = self.rng, len(self.made)
        local = datetime.fromtimestamp(self.at / 1000, UTC).astimezone(self.zone)
        event: Row = {
            "record_kind": "event",
            "site_id": self.site_id,
            "event_name": name,
            "visitor_id": self.visitor_id,
            "user_id": rng.choice((None, None, None, "u-7", "ü|8", "")),
            "seq": number if self.counts_seq else None,
            "client_at": self.at + self.clock_off_ms,
            "sent_at": self.at + self.clock_off_ms + 100 if self.says_when_sent else None,
            "received_at": self.at + 120,
            "event_at": self.at,
            "event_date": local.date().isoformat(),
            "sender": self.sender,
            "page_path": rng.choice(PATHS) if rng.random() < 0.9 else None,
            "page_title": rng.choice(TEXTS),
            "is_conversion": False,
            "is_interactive": name in ("play", "", "form_submit"),
            "is_flood": self.is_flood,
            "properties": None if properties is None else json.dumps(properties),
        }
        self.made.append(Made(event | self.facts | columns, *_arrival(rng)))

    def convert(self) -> None:
        """Let something be bought, in money of any size."""
        rng = self.rng
        usd = rng.choice(
            ("0.0001", "19.9900", "-5.0000", "12345678.1234", f"{rng.random():.4f}", None)
        )
        money = {
            "revenue_amount": usd and "17.5000",
            "currency": usd and rng.choice(("EUR", "JPY")),
        }
        bought = {"is_conversion": True, "is_interactive": True, "revenue_usd_amount": usd}
        self.act("purchase", {"order": rng.choice(TEXTS)}, **bought, **money)


def _arrival(rng: Random) -> tuple[int | None, tuple[int, ...]]:
    late = rng.choice((12_001, 20_000, 60 * MINUTE_MS, 3 * DAY_MS)) if rng.random() < 0.02 else None
    on_the_edge = rng.choice((0, 10_000, 12_000)) if rng.random() < 0.05 else None
    copies = (rng.choice((1, 3_000, 15_000, 4 * 60 * MINUTE_MS)),) if rng.random() < 0.03 else ()
    return (late if late is not None else on_the_edge), copies


def browse(visit: Visit) -> None:
    """Look around, with pauses around the gap of a session and a campaign in between."""
    rng = visit.rng
    for _ in range(rng.randint(1, 25)):
        name = rng.choice(PLAIN_NAMES)
        columns: Row = {}
        if name == "page_leave":
            columns["engaged_ms"] = rng.choice((0, 1, 4_999, 9_999, 10_000, 2_000_000_000))
        if name in ("page_leave", "scroll_depth"):
            columns["scroll_percent"] = rng.choice((0, 25, 90, 100, None))
        visit.act(name, rng.choice((None, *ODD_PROPERTIES)), **columns)
        if rng.random() < 0.05:
            visit.convert()
        if rng.random() < 0.1:
            visit.come_from(rng.choice(ORIGINS))
        visit.pause(LONG_PAUSES if rng.random() < 0.1 else SHORT_PAUSES)


def click_about(visit: Visit) -> None:
    """Click faster and slower than anger, nearer and farther, while scripts fail."""
    rng = visit.rng
    for _ in range(rng.randint(1, 14)):
        if rng.random() < 0.2:
            error = rng.choice(("js_error", "unhandled_rejection", "resource_error"))
            visit.act(error, {"message": rng.choice((*TEXTS, 7, True, None))})
        elif rng.random() < 0.1:
            visit.act("page_view")
        else:
            visit.act("click", _click_properties(rng), **_place(rng))
        visit.pause(CLICK_PAUSES)


def _place(rng: Random) -> Row:
    if rng.random() < 0.03:
        return {"click_target": rng.choice(("button#buy", None))}
    right, down = rng.choice(OFFSETS_PX)
    target = rng.choice(("button#buy",) * 8 + ("a#help", "", 'a[title="x\'y"]', None))
    return {"click_target": target, "click_x_px": 100 + right, "click_y_px": 200 + down}


def _click_properties(rng: Random) -> Row | None:
    if rng.random() < 0.05:
        return rng.choice((None, *ODD_PROPERTIES))
    properties: Row = {
        "rage_exempt": rng.choice((False, False, False, True, "true", "", None)),
        "dead_exempt": rng.choice((False, False, True)),
        "watched_ms": rng.choice((0, 2_999, 3_000, 3_001, "3000")),
    }
    if rng.random() < 0.7:
        properties |= rng.choice(
            ({"response_ms": 40}, {"response_kind": "dom"}, {"response_ms": ""})
        )
    return properties


def fill_forms(visit: Visit) -> None:
    """Begin forms, get them wrong, send them or not, in any order."""
    rng = visit.rng
    names = rng.sample(("signup", "größer", 7, "", None), 2)
    for _ in range(rng.randint(1, 6)):
        properties: Row = {"form": rng.choice(names)}
        act = rng.choice(("form_start", "form_start", "form_error", "form_submit"))
        if act == "form_error":
            properties["fields"] = rng.choice(({"email": "typeMismatch"}, {}, "x", None))
        visit.act(act, properties, page_path="/signup")
        visit.pause((1, 20_000, MINUTE_MS) if rng.random() < 0.6 else LONG_PAUSES)


def report_from_a_server(visit: Visit) -> None:
    """Tell of a purchase as a server does, between what the visitor does."""
    visit.sender = visit.rng.choice(("server", "webhook", "import"))
    if visit.sender == "webhook" or visit.rng.random() < 0.3:
        visit.visitor_id = None
    for _ in range(visit.rng.randint(1, 4)):
        visit.convert()
        visit.pause(SHORT_PAUSES)


def flood(visit: Visit) -> None:
    """Do more than anybody does; what comes after some time is tagged."""
    for number in range(60):
        visit.is_flood = number > 20
        visit.act(
            visit.rng.choice(("click", "page_view", "form_start")),
            {"form": "x"},
            **_place(visit.rng),
        )
        visit.pause((0, 1, 40))


SCENES: Final[tuple[tuple[Callable[[Visit], None], float], ...]] = (
    (browse, 0.5),
    (click_about, 0.3),
    (fill_forms, 0.12),
    (report_from_a_server, 0.07),
    (flood, 0.01),
)
