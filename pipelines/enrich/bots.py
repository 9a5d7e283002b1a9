"""Score how machine-like a sender is (schemas/rules/bots.toml)."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from schemas.load import RULES

_RULES: Final = RULES.bots
_PATTERNS: Final = tuple(
    (rule, re.compile(rule.user_agent_matches, re.IGNORECASE) if rule.user_agent_matches else None)
    for rule in _RULES.reasons
)
_MAX_SCORE: Final = 100


class BotVerdict(NamedTuple):
    """The columns of the same names; `bot_reasons` is comma-separated, None if there are none."""

    bot_score: int
    is_bot: bool
    bot_reasons: str | None


PERSON: Final = BotVerdict(0, False, None)


@lru_cache(20_000)
def judge(
    user_agent: str | None, *, has_language: bool = True, is_webdriver: bool = False
) -> BotVerdict:
    """Return the verdict on a sender by its user agent and the signs seen with it."""
    signals = _signals(user_agent, has_language, is_webdriver)
    found = [
        rule
        for rule, pattern in _PATTERNS
        if rule.signal in signals or (pattern and user_agent and pattern.search(user_agent))
    ]
    if not found:
        return PERSON
    score = min(_MAX_SCORE, sum(rule.score for rule in found))
    return BotVerdict(score, score >= _RULES.threshold, ",".join(rule.reason for rule in found))


def _signals(user_agent: str | None, has_language: bool, is_webdriver: bool) -> set[str]:
    seen = {
        "no_user_agent": not user_agent,
        "short_user_agent": bool(user_agent)
        and len(user_agent or "") < _RULES.short_user_agent_length,
        "no_language": not has_language,
        "webdriver": is_webdriver,
    }
    return {name for name, is_seen in seen.items() if is_seen}
