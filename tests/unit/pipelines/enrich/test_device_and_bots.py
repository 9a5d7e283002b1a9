"""What user agents say, and which of them are machines."""

import pytest

from pipelines.enrich.bots import judge
from pipelines.enrich.device import NO_AGENT, Hints, agent_of, device_of, is_touch_mac

WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)
MAC = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Safari/605.1.15"
)
ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/130.0.0.0{} Safari/537.36"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (WINDOWS, ("desktop", "Chrome", "130", "Windows", "10")),
        (IPHONE, ("mobile", "Mobile Safari", "17", "iOS", "17")),
        (MAC, ("desktop", "Safari", "17", "Mac OS X", "10")),
    ],
)
def test_agent(user_agent: str, expected: tuple[str, ...]) -> None:
    assert agent_of(user_agent) == expected


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (ANDROID.format(" Mobile"), "mobile"),
        (ANDROID.format(""), "tablet"),
        ("Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) Mobile/15E148", "tablet"),
        ("Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36", "tv"),
        ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)", "desktop"),
        ("something else", "unknown"),
    ],
)
def test_device(user_agent: str, device: str) -> None:
    assert device_of(user_agent) == device


def test_hints_and_verdicts_speak_too() -> None:
    assert agent_of(None) == NO_AGENT
    assert device_of("something else", is_mobile=True) == "mobile"
    assert device_of(WINDOWS, is_bot=True) == "bot"
    assert is_touch_mac("desktop", "Mac OS X", 1024, touches=True)
    assert not is_touch_mac("desktop", "Mac OS X", 1440, touches=True)


@pytest.mark.parametrize(
    ("user_agent", "reasons"),
    [
        (WINDOWS, None),
        (IPHONE, None),
        (ANDROID.format(" Mobile"), None),
        (GOOGLEBOT, "declared_bot"),
        ("curl/8.5.0", "http_library,short_user_agent"),
        ("python-requests/2.32.3", "http_library"),
        (WINDOWS.replace("Chrome/", "HeadlessChrome/"), "automation"),
        ("Mozilla/5.0 AppleWebKit/537.36 (compatible; GPTBot/1.2)", "declared_bot,ai_agent"),
        ("Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)", "declared_bot,monitor"),
        (None, "no_user_agent"),
    ],
)
def test_bots_are_told_with_reasons(user_agent: str | None, reasons: str | None) -> None:
    verdict = judge(user_agent)
    assert verdict.bot_reasons == reasons
    assert verdict.is_bot is (reasons is not None)
    assert 0 <= verdict.bot_score <= 100


def test_small_signs_make_a_score_but_no_bot() -> None:
    assert judge(WINDOWS, has_language=False) == (20, False, "no_language")
    assert judge(WINDOWS, is_webdriver=True) == (80, True, "webdriver")


CHROME = ("desktop", "Chrome", "130", "Windows", "10")
GREASE = '"Not?A_Brand";v="99", "Chromium";v="130"'
LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("user_agent", "hints", "expected"),
    [
        (WINDOWS, Hints(GREASE), CHROME),
        (
            WINDOWS,
            Hints(GREASE + ', "Brave";v="131"', '"Windows"', '"15.0.0"'),
            ("desktop", "Brave", "131", "Windows", "11"),
        ),
        (
            WINDOWS,
            Hints(None, '"Windows"', '"10.0.0"'),
            ("desktop", "Chrome", "130", "Windows", "10"),
        ),
        (WINDOWS, Hints(None, '"Windows"', '"x"'), CHROME),
        (
            LINUX,
            Hints(GREASE, '"Android"', '"14.0.0"'),
            ("tablet", "Chrome", "130", "Android", "14"),
        ),
        (
            LINUX,
            Hints(GREASE, '"Android"', None, True),
            ("mobile", "Chrome", "130", "Android", None),
        ),
        (LINUX, Hints("\x00" * 9_999, "?", "9" * 99), ("desktop", "Chrome", "130", "Linux", None)),
    ],
)
def test_hints_know_what_a_frozen_user_agent_hides(
    user_agent: str, hints: Hints, expected: tuple[str | None, ...]
) -> None:
    assert agent_of(user_agent, hints=hints) == expected


def test_bot_is_a_bot_whatever_it_hints() -> None:
    hints = Hints(GREASE, '"Android"', None, True)
    assert agent_of(LINUX, is_bot=True, hints=hints).device == "bot"
