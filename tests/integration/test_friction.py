"""Clicks posted as the tracker posts them become a burst, told once, about half a minute later.

Clicks, moves and depths of somebody else become cells of a heatmap; the wait for both is one.
"""

import time
import uuid
from typing import Any, Final

import pytest

from tests.integration.commands import post
from tests.integration.stack import Stack, TestSite

PAGE: Final = "https://shop.example/cart"
# The watermark's delay, a checkpoint of each of two jobs, and a crowded machine.
SECONDS: Final = 240


@pytest.fixture(scope="module")
def site(stack: Stack) -> TestSite:
    """A site on which somebody has just moved a pointer, scrolled and clicked."""
    site = stack.make_site(f"friction-{uuid.uuid4().hex[:8]}")
    at = int(time.time() * 1000) - 1_000
    moves = {
        "event_name": "pointer_moves",
        "event_id": "moves",
        "client_at": at,
        "page_url": PAGE,
        "scroll_percent": 30,
        "properties": {"points": [[0, 505, 1_239], [100, 519, 1_221], [200, 520, 1_221]]},
    }
    place = {"x_permille": 505, "y_px": 1_239, "document_height_px": 3_000}
    clicked = click(9, at, click_target="p", properties=place)
    # Once more, as a browser does that heard no answer.
    for _ in range(2):
        send(stack, site, moves, clicked, visitor_id="v2", viewport_width_px=1_280)
    return site


def click(number: int, at: int, **columns: Any) -> dict[str, Any]:
    """Return the visitor's click of that number, `at` in epoch ms, on a button that is slow."""
    own = {"event_name": "click", "event_id": f"click-{number}", "client_at": at, "seq": number}
    place = {"click_target": "button#buy", "click_x_px": 300, "click_y_px": 200}
    properties = {"rage_exempt": False, "dead_exempt": False}
    return {**own, **place, "page_url": PAGE, "properties": properties, **columns}


def send(stack: Stack, site: TestSite, *events: dict[str, Any], **shared: Any) -> None:
    """Post a tracker's batch; all of it must be taken."""
    own = {"key": site.write_key, "visitor_id": "v1", "sent_at": int(time.time() * 1000)}
    batch = own | shared
    status, answer = post(stack.url("edge"), "/e", {**batch, "events": list(events)})
    assert (status, answer.get("dropped", [])) == (200, []), answer


def test_a_burst_posted_is_one_row_of_friction(stack: Stack, site: TestSite) -> None:
    first = int(time.time() * 1000) - 2_000
    burst = [click(number, first + 250 * number) for number in range(4)]
    elsewhere = click(4, first + 1_050, click_target="a#help")
    error = {
        "event_name": "js_error",
        "event_id": "error",
        "client_at": first + 1_100,
        "seq": 5,
        "page_url": PAGE,
        "properties": {"message": "cart is undefined"},
    }
    # Once more, as a browser does that heard no answer; and in another order.
    send(stack, site, error, *reversed(burst), elsewhere)
    send(stack, site, *burst, elsewhere, error)
    columns = "kind, event_id, target, page_path, click_count, detail"
    query = (
        f"SELECT {columns} FROM analytics.friction"
        f" WHERE site_id = '{site.site_id}' ORDER BY event_at"
    )

    def both() -> list[tuple[Any, ...]] | None:
        rows = stack.sql(query)
        return rows if len(rows) > 1 else None

    assert stack.wait_until("both kinds", both, SECONDS, pause=1) == [
        ("rage_click", "click-0", "button#buy", "/cart", 4, None),
        ("error_click", "click-4", "a#help", "/cart", 1, "cart is undefined"),
    ]


def test_clicks_moves_and_depths_posted_are_cells_of_a_heatmap(
    stack: Stack, site: TestSite
) -> None:
    query = (
        "SELECT kind, coalesce(cell_x_permille, depth_percent), cell_y_px, point_count"
        " FROM analytics.heatmap WHERE page_path = '/cart' AND viewport_class = 'desktop'"
        f" AND site_id = '{site.site_id}' ORDER BY 1, 2"
    )

    def all_kinds() -> list[tuple[Any, ...]] | None:
        rows = stack.sql(query)
        return rows if {row[0] for row in rows} == {"click", "move", "scroll"} else None

    assert stack.wait_until("all kinds", all_kinds, SECONDS, pause=1) == [
        ("click", 500, 1_220, 1),
        ("move", 500, 1_220, 2),
        ("move", 520, 1_220, 1),
        ("scroll", 10, None, 1),
        ("scroll", 20, None, 1),
        ("scroll", 30, None, 1),
    ]
