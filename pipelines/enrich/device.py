"""Read a user agent: device class, browser, operating system (schemas/rules/devices.toml)."""

from functools import lru_cache
from typing import Final, NamedTuple

from schemas.load import RULES

_RULES: Final = RULES.devices
# 61 us for an agent not seen before, so this cache is most of the speed.
_CACHED: Final = 20_000
_MAX_LENGTH: Final = 1_024


class Agent(NamedTuple):
    """What a user agent says; versions are major versions."""

    device: str
    browser: str | None
    browser_version: str | None
    os: str | None
    os_version: str | None


NO_AGENT: Final = Agent(_RULES.unknown_device, None, None, None, None)


@lru_cache(_CACHED)
def agent_of(user_agent: str | None, *, is_bot: bool = False, is_mobile: bool = False) -> Agent:
    """Return device, browser and system of a user agent.

    `is_mobile` is the client hint Sec-CH-UA-Mobile, which browsers with a frozen user agent send.
    """
    if not user_agent:
        return NO_AGENT
    # The parser compiles its patterns for 0.3 s: not before the first event needs it.
    from ua_parser import parse

    found = parse(user_agent[:_MAX_LENGTH])
    browser, system = found.user_agent, found.os
    return Agent(
        device_of(user_agent, is_bot=is_bot, is_mobile=is_mobile),
        browser.family if browser else None,
        browser.major if browser else None,
        system.family if system else None,
        system.major if system else None,
    )


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
