"""Questions at random: sensible ones, and ones with hostile text in every field."""

from typing import Any

from hypothesis import strategies as st

from schemas.load import DIMENSIONS, METRICS
from serving.query.filters import is_clean
from serving.query.periods import UNITS
from serving.query.schemas import Question

ATTACKS = [
    "'", '"', "' OR 1=1 --", "'; DROP TABLE web.events; --", "?", "??", "${x}", "%s", ":site",
    "\\", "\\'", "/* */", "' UNION SELECT key_hash FROM keys --", "U&'\\0027'", "x\x00y", "\ud800",
    "\u2019", "\uff07", "𝒳" * 50, "a\nb", "analytics.events", "at_timezone(", "0x27", "NULL",
    "(SELECT 1)", "e", "d0", "m0_0", "1; SELECT 2", "`x`", "\u202e", "{{7*7}}", "../../etc/passwd",
]  # fmt: skip
HOSTILE = st.sampled_from(ATTACKS) | st.text(max_size=40)
TEXT_OPS = st.sampled_from(["is", "is_not", "contains", "contains_not"])
# A property has any name there is; a list of names must hold texts, so that a surrogate is none.
PROPERTIES = (st.just("plan") | HOSTILE.filter(is_clean)).map(lambda key: f"property:{key}")
NAMES = st.sampled_from(sorted(DIMENSIONS)) | PROPERTIES
VALUES = st.lists(
    st.sampled_from(["/", "DE", "google", "sign_up"]) | HOSTILE, min_size=1, max_size=3
)
MATCHES = st.tuples(TEXT_OPS, NAMES, VALUES).map(list)
PATTERNS = st.tuples(st.just("matches"), NAMES, st.just(["^/a.*"])).map(list)


def _grown(inner: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[list[Any]]:
    many = st.lists(inner, min_size=1, max_size=3)
    return st.tuples(st.sampled_from(["and", "or"]), many).map(list) | st.tuples(
        st.sampled_from(["not", "has_done", "has_not_done"]), inner
    ).map(list)


FILTERS = st.recursive(MATCHES | PATTERNS, _grown, max_leaves=5)
TIMES = st.sampled_from([f"time:{unit}" for unit in UNITS])
DIMENSION_LISTS = st.tuples(
    st.lists(TIMES, max_size=1), st.lists(NAMES, max_size=2, unique=True)
).map(lambda both: both[0] + both[1])


@st.composite
def sensible(draw: st.DrawFn) -> Question:
    """Draw a question whose names all exist; the combination may still make no sense."""
    metrics = draw(st.lists(st.sampled_from(sorted(METRICS)), min_size=1, max_size=4, unique=True))
    dimensions = draw(DIMENSION_LISTS)
    filters = draw(st.lists(FILTERS, max_size=3))
    if any(not name.startswith("time:") for name in dimensions) and draw(st.booleans()):
        filters.append([draw(st.sampled_from(["greater", "less"])), metrics[0], [3]])
    order = draw(
        st.lists(
            st.tuples(st.sampled_from(metrics + dimensions), st.sampled_from(["asc", "desc"])),
            max_size=2,
        )
    )
    return Question.model_validate(
        {
            "site": "shop",
            "metrics": metrics,
            "dimensions": dimensions,
            "filters": filters,
            "date_range": ["2026-10-24", "2026-10-26"],
            "order_by": order,
            "timezone": draw(st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu"])),
        }
    )


@st.composite
def hostile(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a question as JSON with hostile text in one field or all of them."""
    question = draw(sensible()).model_dump(mode="json")
    bad: dict[str, Any] = {
        "metrics": [draw(HOSTILE)],
        "dimensions": [draw(HOSTILE)],
        "filters": [[draw(HOSTILE), draw(HOSTILE), [draw(HOSTILE)]]],
        "date_range": draw(HOSTILE) if draw(st.booleans()) else [draw(HOSTILE), draw(HOSTILE)],
        "order_by": [[draw(HOSTILE), draw(HOSTILE)]],
        "cursor": draw(HOSTILE),
        "timezone": draw(HOSTILE),
        "compare": [draw(HOSTILE), draw(HOSTILE)],
    }
    fields = draw(st.sets(st.sampled_from(sorted(bad)), max_size=3))
    return question | {name: bad[name] for name in fields}
