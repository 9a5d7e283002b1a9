"""analytics.heatmap shows one version of each cell, of the run that counts."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from pipelines.batch.restate import Lake
from tests.sql.rows import RUN, cell, insert

SITE: Final = f"{RUN}-heatmap"
AT: Final = datetime(2026, 3, 1, 10, tzinfo=UTC)
OLDER, NEWER = "live-20260301T000000", "live-20260302T000000"
SCROLL: Final = dict.fromkeys(
    ("cell_x_permille", "cell_y_px", "cell_width_permille", "cell_height_px")
) | {"kind": "scroll"}
Version = dict[str, Any]
# Case -> its versions, and what counts: (column of the cell, or depth) -> points.
CASES: Final[dict[str, tuple[list[Version], dict[int, int]]]] = {
    "the_one_that_counts_furthest": (
        [{"minute": m, "count": m} for m in (30, 10, 50, 20)],
        {0: 50},
    ),
    "cells_end_at_their_own_time": (
        [{"minute": 10, "count": 1}, {"minute": 40, "count": 2, "cell_x_permille": 20}],
        {0: 1, 20: 2},
    ),
    "a_newer_run_that_has_come_less_far": (
        [{"minute": 50, "count": 7}, {"minute": 20, "count": 2, "run_id": NEWER}],
        {0: 7},
    ),
    "a_newer_run_that_has_come_as_far": (
        [{"minute": 50, "count": 7}, {"minute": 50, "count": 8, "run_id": NEWER}],
        {0: 8},
    ),
    "a_newer_run_with_wider_cells": (
        [
            {"minute": 50, "count": 7},
            {"minute": 50, "count": 5, "cell_x_permille": 20},
            {"minute": 60, "count": 12, "run_id": NEWER, "cell_width_permille": 40},
        ],
        {0: 12},
    ),
    "another_page_and_another_kind": (
        [
            {"minute": 10, "count": 1},
            {"minute": 20, "count": 2, "page_path": "/other"},
            {"minute": 30, "count": 4, "kind": "move"},
        ],
        {0: 1 + 2 + 4},
    ),
    "depths": (
        [{"minute": m, "count": m, "depth_percent": d, **SCROLL} for m, d in ((5, 10), (9, 10))]
        + [{"minute": 5, "count": 3, "depth_percent": 20, **SCROLL}],
        {10: 9, 20: 3},
    ),
}


def version(at: datetime, minute: int, count: int, **columns: Any) -> Version:
    until = at + timedelta(minutes=minute)
    own = {"run_id": OLDER, "point_count": count, "counted_until_at": until, **columns}
    return cell(site_id=SITE, hour_at=at, **own)


@pytest.fixture(scope="module")
def shown(lake: Lake) -> dict[datetime, dict[int, int]]:
    """Return the points of each cell in the view; a case is an hour."""
    rows = [
        version(AT + timedelta(hours=number), **one)
        for number, (versions, _) in enumerate(CASES.values())
        for one in versions
    ]
    insert(lake.trino, "heatmap_cells", rows)
    found: dict[datetime, dict[int, int]] = {}
    for row in lake.trino.rows(
        "SELECT hour_at, coalesce(cell_x_permille, depth_percent) AS cell, point_count"
        f" FROM lake.analytics.heatmap WHERE site_id = '{SITE}'"
    ):
        cells = found.setdefault(row["hour_at"], {})
        cells[row["cell"]] = cells.get(row["cell"], 0) + row["point_count"]
    return found


@pytest.mark.parametrize("case", CASES)
def test_case(case: str, shown: dict[datetime, dict[int, int]]) -> None:
    at = AT + timedelta(hours=list(CASES).index(case))
    assert shown[at] == CASES[case][1]
