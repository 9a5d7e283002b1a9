"""Friction as the clicks, errors and forms on time make it."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

from schemas.load import RULES
from tests.agreement.expected import by_visitor, on_time, typed
from tests.agreement.scenes import Row

RAGE: Final = RULES.friction
_ABANDONED_MS: Final = RAGE.abandon_minutes * 60_000
_FIRST: Final = (
    "site_id", "event_id", "visitor_id", "user_id", "client_session_id", "page_view_id",
    "page_host", "page_path", "device", "browser", "os", "is_bot",
)  # fmt: skip


def friction_rows(copies: Iterable[Row]) -> list[Row]:
    """Return the rows of `friction_live`."""
    people = [row for row in on_time(copies) if row["sender"] in RAGE.friction_senders]
    rows: list[Row] = []
    for acts in by_visitor(people).values():
        rows += _of_clicks([act for act in acts if act["sent_at"] is not None])
        rows += _of_forms(acts)
    return [typed("friction", row) for row in rows]


def said(act: Row, name: str) -> str | None:
    """Return what the event's properties say under that name, if it is no list and no object."""
    value = json.loads(act["properties"] or "{}").get(name)
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None or isinstance(value, dict | list) else str(value)


def _of_clicks(acts: list[Row]) -> Iterator[Row]:
    """Yield a row for each kind that a burst of one visitor's clicks shows."""
    for burst, errors in _bursts(acts):
        base = _row(burst[0], burst[0].get("click_target"), burst[-1]) | {
            "click_count": len(burst),
            "click_x_px": burst[0].get("click_x_px"),
            "click_y_px": burst[0].get("click_y_px"),
        }
        if any(_is_rage(*burst[number : number + 3]) for number in range(len(burst) - 2)):
            yield base | {"kind": "rage_click"}
        if any(_is_dead(click) for click in burst):
            yield base | {"kind": "dead_click"}
        if errors:
            yield base | {"kind": "error_click", "detail": said(errors[0], "message")}


def _bursts(acts: list[Row]) -> list[tuple[list[Row], list[Row]]]:
    """Return runs of clicks on one target, each with the errors that belong to its clicks."""
    bursts: list[tuple[list[Row], list[Row]]] = []
    for act in acts:
        last = bursts[-1][0][-1] if bursts else None
        if act["event_name"] in RAGE.error_events:
            if last is not None and _belongs(act, last):
                bursts[-1][1].append(act)
        elif act["event_name"] == "click":
            if last is not None and _goes_on(last, act):
                bursts[-1][0].append(act)
            else:
                bursts.append(([act], []))
    return bursts


def _goes_on(last: Row, click: Row) -> bool:
    target = click.get("click_target")
    is_soon = click["event_at"] - last["event_at"] <= RAGE.rage_window_ms
    return is_soon and target is not None and target == last.get("click_target")


def _belongs(error: Row, click: Row) -> bool:
    """Whether the error is the click's: soon after it, and of the same load of the page."""
    is_soon = error["event_at"] - click["event_at"] <= RAGE.error_ms
    is_of_the_load = error["seq"] is None or error["seq"] > (
        -1 if click["seq"] is None else click["seq"]
    )
    return is_soon and is_of_the_load


def _is_rage(first: Row, second: Row, third: Row) -> bool:
    return (
        third["event_at"] - first["event_at"] <= RAGE.rage_window_ms
        and _is_near(first, second)
        and _is_near(first, third)
        and said(third, "rage_exempt") != "true"
    )


def _is_near(first: Row, other: Row) -> bool:
    sides = [(first.get(name), other.get(name)) for name in ("click_x_px", "click_y_px")]
    apart = [a - b for a, b in sides if a is not None and b is not None]
    return len(apart) == 2 and apart[0] ** 2 + apart[1] ** 2 <= RAGE.rage_radius_px**2


def _is_dead(click: Row) -> bool:
    watched = said(click, "watched_ms")
    return (
        watched is not None
        and watched.isdigit()
        and int(watched) >= RAGE.dead_ms
        and said(click, "response_ms") is None
        and said(click, "response_kind") is None
        and said(click, "dead_exempt") != "true"
    )


def _of_forms(acts: list[Row]) -> Iterator[Row]:
    """Yield a row for each form found wrong, and for each that was begun and never sent."""
    forms: dict[str, list[Row]] = defaultdict(list)
    for act in acts:
        if act["event_name"] in ("form_start", "form_error", "form_submit"):
            forms[said(act, "form") or act["page_path"] or ""].append(act)
    for name, own in forms.items():
        for act in own:
            if act["event_name"] == "form_error":
                fields: Any = json.loads(act["properties"]).get("fields")
                is_told = isinstance(fields, dict | list)
                detail = json.dumps(fields, separators=(",", ":")) if is_told else None
                yield _row(act, name, act) | {"kind": "validation_error", "detail": detail}
        for begun in _given_up(own):
            yield _row(begun[0], name, begun[-1]) | {"kind": "form_abandonment"}


def _given_up(acts: list[Row]) -> Iterator[list[Row]]:
    """Yield the signs of life of each try that ended in silence."""
    begun: list[Row] = []
    for act in acts:
        if begun and act["event_at"] - begun[-1]["event_at"] > _ABANDONED_MS:
            yield begun
            begun = []
        if act["event_name"] == "form_submit":
            begun = []
        else:
            begun.append(act)
    if begun:
        yield begun


def _row(first: Row, target: str | None, last: Row) -> Row:
    return {name: first[name] for name in _FIRST} | {
        "target": target,
        "click_count": 0,
        "event_at": first["event_at"],
        "last_at": last["event_at"],
        "started_date": first["event_date"],
    }
