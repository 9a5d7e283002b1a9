"""Who comes to the demo shop: from where, with what, sent by whom.

Networks are large consumer networks of each country, so that the geo data finds the country;
the addresses drawn from them are made up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from random import Random
from typing import Final, TypeVar


@dataclass(frozen=True)
class Place:
    """A country, with what its visitors speak and pay in."""

    weight: int
    country: str
    network: str
    language: str
    timezone: str
    currency: str


@dataclass(frozen=True)
class Agent:
    """A browser on a device."""

    weight: int
    user_agent: str
    screen: tuple[int, int]


@dataclass(frozen=True)
class Origin:
    """What brought a visitor: the referring page and the query of the landing page.

    `intent` scales how often such a visit leads to an order.
    """

    weight: int
    name: str
    referrer: str | None
    search: str
    intent: float


@dataclass(frozen=True)
class Visitor:
    """One made-up person with one browser."""

    visitor_id: str
    address: str
    place: Place
    agent: Agent


Weighted = TypeVar("Weighted", Place, Agent, Origin)

PLACES: Final = (
    Place(34, "DE", "91.0.0.0/10", "de-DE", "Europe/Berlin", "EUR"),
    Place(16, "GB", "86.128.0.0/10", "en-GB", "Europe/London", "GBP"),
    Place(14, "US", "73.0.0.0/8", "en-US", "America/New_York", "USD"),
    Place(11, "FR", "90.0.0.0/9", "fr-FR", "Europe/Paris", "EUR"),
    Place(7, "NL", "84.80.0.0/13", "nl-NL", "Europe/Amsterdam", "EUR"),
    Place(6, "PL", "83.0.0.0/11", "pl-PL", "Europe/Warsaw", "EUR"),
    Place(5, "SE", "81.224.0.0/12", "sv-SE", "Europe/Stockholm", "EUR"),
    Place(4, "IT", "79.0.0.0/12", "it-IT", "Europe/Rome", "EUR"),
    Place(2, "JP", "126.0.0.0/9", "ja-JP", "Asia/Tokyo", "JPY"),
    Place(1, "AU", "1.120.0.0/13", "en-AU", "Australia/Sydney", "USD"),
)

_WEBKIT: Final = "AppleWebKit/537.36 (KHTML, like Gecko)"
AGENTS: Final = (
    Agent(
        26,
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/142.0.0.0 Safari/537.36",
        (1920, 1080),
    ),
    Agent(
        24,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
        (393, 852),
    ),
    Agent(
        20,
        f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {_WEBKIT} Chrome/142.0.0.0 Mobile Safari/537.36",
        (412, 915),
    ),
    Agent(
        12,
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/18.6 Safari/605.1.15",
        (1512, 982),
    ),
    Agent(
        9,
        "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
        (2560, 1440),
    ),
    Agent(
        7,
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/142.0.0.0 "
        "Safari/537.36 Edg/142.0.0.0",
        (1366, 768),
    ),
    Agent(
        2,
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        (1024, 768),
    ),
)

ORIGINS: Final = (
    Origin(22, "direct", None, "", 1.3),
    Origin(24, "google", "https://www.google.com/", "", 1.0),
    Origin(4, "bing", "https://www.bing.com/", "", 1.0),
    Origin(3, "duckduckgo", "https://duckduckgo.com/", "", 0.9),
    Origin(5, "chatgpt", "https://chatgpt.com/", "?utm_source=chatgpt.com", 1.4),
    Origin(2, "perplexity", "https://www.perplexity.ai/", "", 1.2),
    Origin(5, "instagram", "https://l.instagram.com/", "", 0.4),
    Origin(3, "reddit", "https://www.reddit.com/", "", 0.3),
    Origin(
        10,
        "paid search",
        "https://www.google.com/",
        "?utm_source=google&utm_medium=cpc&utm_campaign=autumn-planting&gclid=Cj0KCQdemo",
        1.5,
    ),
    Origin(
        6,
        "paid social",
        "https://m.facebook.com/",
        "?utm_source=facebook&utm_medium=paid_social&utm_campaign=fern-friends&fbclid=IwARdemo",
        0.6,
    ),
    Origin(
        9,
        "newsletter",
        None,
        "?utm_source=newsletter&utm_medium=email&utm_campaign=november-letter",
        2.0,
    ),
    Origin(4, "blog", "https://thegreenbench.example/best-ferns", "", 0.8),
    Origin(
        3,
        "partner",
        "https://plantdeals.example/",
        "?utm_source=plantdeals&utm_medium=affiliate",
        1.1,
    ),
)


def draw_visitor(random: Random) -> Visitor:
    """Make one more person up."""
    place = pick(random, PLACES)
    network = IPv4Network(place.network)
    address = network[random.randrange(256, network.num_addresses - 256)]
    visitor_id = f"demo-{random.getrandbits(64):016x}"
    return Visitor(visitor_id, str(address), place, pick(random, AGENTS))


def pick(random: Random, choices: Sequence[Weighted]) -> Weighted:
    """Draw one by weight."""
    return random.choices(choices, [choice.weight for choice in choices])[0]
