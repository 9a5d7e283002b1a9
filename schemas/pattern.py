"""Regular expressions that RE2 and Joni read alike, and that cannot keep either busy for long.

The lake's engine compares with RE2 (`regex-library` of Trino), an installation's own may compare
with Joni. So only what both know is accepted: characters, classes, groups, alternatives, repeats,
anchors. Look-around, back references, flags and possessive repeats are not.
"""

import re
from typing import Final

from schemas.load import RULES

# One thing at a time, the longest first; what none of these reads is refused where it stands.
_PARTS: Final = re.compile(
    r"(?P<escape>\\[dDwWsSbB.+*?^$|(){}\[\]\\/-])"
    r"|(?P<class>\[\^?(?:\\[dDwWsS.+*?^$|(){}\[\]\\/-]|[^\\\[\]&])+\])"
    r"|(?P<open>\((?:\?:)?)"
    r"|(?P<close>\))"
    r"|(?P<repeat>(?:[*+?]|\{\d{1,4}(?:,(?:\d{1,4})?)?\})\??)"
    r"|(?P<plain>[^\\\[\](){}*+?])"
)
_NUMBER: Final = re.compile(r"\d+")


def fault_of(pattern: str) -> str | None:
    """Say what is wrong with a pattern and where, None if it may be used."""
    if not pattern:
        return "it is empty"
    if len(pattern) > RULES.goals.pattern_length:
        return f"it has {len(pattern)} characters, more than {RULES.goals.pattern_length}"
    return _fault_of_parts(pattern) or _fault_of_compiling(pattern)


def _fault_of_parts(pattern: str) -> str | None:
    at, before = 0, "open"
    # Of each open group, the outermost first, and last of the group just closed: does it count?
    counts, just_closed = [False], False
    while at < len(pattern):
        part = _PARTS.match(pattern, at)
        if part is None or part.lastgroup is None:
            return f"{pattern[at : at + 3]!r} at character {at + 1} is not understood"
        kind, text = part.lastgroup, part[0]
        if kind == "repeat":
            is_nested = just_closed and before == "close" and "{" in text
            if wrong := _fault_of_repeat(text, before, is_nested=is_nested):
                return f"{text!r} at character {at + 1} {wrong}"
            counts[-1] = counts[-1] or "{" in text
        elif kind == "open":
            counts.append(False)
        elif kind == "close" and len(counts) > 1:
            just_closed = counts.pop()
            counts[-1] = counts[-1] or just_closed
        before = "anchor" if text in ("^", "$", r"\b", r"\B", "|") else kind
        at = part.end()
    return None


def _fault_of_repeat(repeat: str, before: str, *, is_nested: bool) -> str | None:
    if before in ("open", "repeat", "anchor"):
        return "has nothing to repeat"
    if any(int(number) > RULES.goals.repeat_max for number in _NUMBER.findall(repeat)):
        return f"repeats more than {RULES.goals.repeat_max} times"
    return "counts repeats of what counts repeats" if is_nested else None


def _fault_of_compiling(pattern: str) -> str | None:
    """Let Python's own find what does not pair up; in this subset it reads as the engines do."""
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return None
