"""Read a user agent: device class, browser, operating system (schemas/rules/devices.toml)."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from schemas.load import RULES

_RULES: Final = RULES.devices
# 61 us for an agent not seen before, so this cache is most of the speed.
_CACHED: Final = 20_000
_MAX_LENGTH: Final = 1_024
_BRAND: Final = re.compile(r'"([^"]{1,60})";\s*v="(\d{1,4})')


class Agent(NamedTuple):
    """What a user agent says; versions are major versions."""

    device: str
    browser: str | None
    browser_version: str | None
    os: str | None
    os_version: str | None


class Hints(NamedTuple):
    """Client hints as sent: Sec-CH-UA, -Platform, -Platform-Version, and whether -Mobile is ?1."""

    brands: str | None = None
    platform: str | None = None
    platform_version: str | None = None
    is_mobile: bool = False


NO_HINTS: Final = Hints()
NO_AGENT: Final = Agent(_RULES.unknown_device, None, None, None, None)


@lru_cache(_CACHED)
def agent_of(user_agent: str | None, *, is_bot: bool = False, hints: Hints = NO_HINTS) -> Agent:
    """Return device, browser and system of a user agent.

    `hints` are what browsers with a frozen user agent send beside it.
    """
    if not user_agent:
        return NO_AGENT
    # The parser compiles its patterns for 0.3 s: not before the first event needs it.
    from ua_parser import parse

    found = parse(user_agent[:_MAX_LENGTH])
    browser, system = found.user_agent, found.os
    agent = Agent(
        device_of(user_agent, is_bot=is_bot, is_mobile=hints.is_mobile),
        browser.family if browser else None,
        browser.major if browser else None,
        system.family if system else None,
        system.major if system else None,
    )
    return agent if hints is NO_HINTS or is_bot else _with_hints(agent, hints)


def _with_hints(agent: Agent, hints: Hints) -> Agent:
    """Return the agent with what its hints know better."""
    for brand, version in _BRAND.findall((hints.brands or "")[:_MAX_LENGTH]):
        if brand in _RULES.hidden_brands:
            agent = agent._replace(browser=_RULES.hidden_brands[brand], browser_version=version)
    platform = (hints.platform or "").strip('"')
    if platform == _RULES.android_platform and agent.os != platform:
        device = "mobile" if hints.is_mobile else "tablet"
        return agent._replace(device=device, os=platform, os_version=_major(hints))
    release = _major(hints)
    if agent.os == platform == "Windows" and release is not None:
        is_11 = int(release) >= _RULES.windows_11_platform_version
        agent = agent._replace(os_version="11" if is_11 else agent.os_version)
    return agent


def _major(hints: Hints) -> str | None:
    major = (hints.platform_version or "").strip('"').partition(".")[0]
    return major if major.isascii() and major.isdigit() and len(major) < 4 else None


def device_of(user_agent: str, *, is_bot: bool = False, is_mobile: bool = False) -> str:
    """Return the device class, first rule that fits."""
    if is_bot:
        return "bot"
    text = user_agent.lower()
    for rule in _RULES.devices:
        if any(token in text for token in rule.tokens):
            return rule.device
    if is_mobile:
        return "mobile"
    is_desktop = any(token in text for token in _RULES.desktop_tokens)
    return _RULES.default_device if is_desktop else _RULES.unknown_device


def is_touch_mac(device: str, os: str | None, screen_width_px: int | None, touches: bool) -> bool:
    """Tell an iPad that calls itself a Macintosh: a touch screen no wider than the rule says."""
    return (
        touches
        and device == "desktop"
        and (os or "").startswith("Mac")
        and screen_width_px is not None
        and screen_width_px <= _RULES.touch_mac_max_width_px
    )
