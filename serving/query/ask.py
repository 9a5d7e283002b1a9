"""A question after checking: every name is one of the registry's, every number in bounds."""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Final

from schemas.load import METRICS
from schemas.loaders.metrics import Dimension, Metric
from serving.control.errors import InvalidSite
from serving.control.sites import checked_zone
from serving.errors import query_error
from serving.query import filters
from serving.query.periods import MAX_BUCKETS, UNITS
from serving.query.schemas import Question

DEFAULT_LIMIT: Final = 100
MAX_OFFSET: Final = 1_000_000
_TIME: Final = "time:"


@dataclass(frozen=True)
class Bucketing:
    """The dimension `time:<unit>`."""

    unit: str

    @property
    def name(self) -> str:
        """Its name in questions."""
        return _TIME + self.unit


@dataclass(frozen=True)
class Order:
    """Rows run by a dimension or a metric; those without a value come last either way."""

    is_metric: bool
    index: int
    is_descending: bool


Column = Bucketing | Dimension


@dataclass(frozen=True)
class Ask:
    """What is wanted, without the site and the range."""

    metrics: tuple[Metric, ...]
    dimensions: tuple[Column, ...]
    nodes: tuple[filters.Node, ...]
    compares: tuple[filters.Compare, ...]
    order: tuple[Order, ...]
    limit: int
    offset: int

    @property
    def unit(self) -> str | None:
        """The unit of the time dimension, if there is one."""
        return next((d.unit for d in self.dimensions if isinstance(d, Bucketing)), None)

    @property
    def is_series(self) -> bool:
        """Whether rows are buckets of time and nothing else."""
        return self.unit is not None and not self.properties

    @property
    def properties(self) -> tuple[Dimension, ...]:
        """The dimensions that are not time."""
        return tuple(d for d in self.dimensions if isinstance(d, Dimension))


def check(question: Question) -> Ask:
    """Return the checked question, or raise QueryError naming the place and what is possible."""
    if question.timezone is not None:
        check_zone(question.timezone)
    metrics = tuple(_metric(name, index) for index, name in enumerate(question.metrics))
    dimensions = tuple(_column(name, i) for i, name in enumerate(question.dimensions))
    _check_once(question.metrics, "metrics")
    _check_once(question.dimensions, "dimensions")
    if sum(isinstance(d, Bucketing) for d in dimensions) > 1:
        raise query_error(("dimensions",), "Time stands twice.", "Keep one time:<unit>.")
    nodes, compares = filters.parse(question.filters)
    ask = Ask(
        metrics,
        dimensions,
        nodes,
        compares,
        _order(question, dimensions),
        question.limit or default_limit(question),
        _offset(question),
    )
    _check_compares(ask)
    return ask


def default_limit(question: Question) -> int:
    """Return how many rows a page has if nobody says: a series is never cut."""
    is_series = len(question.dimensions) == 1 and question.dimensions[0].startswith(_TIME)
    return MAX_BUCKETS if is_series else DEFAULT_LIMIT


def check_zone(zone: str) -> None:
    """Raise QueryError unless a text is an IANA zone."""
    try:
        checked_zone(zone)
    except InvalidSite as error:
        raise query_error(
            ("timezone",), f"{filters.shown(zone)} is not a time zone.", error.fix
        ) from None


def _metric(name: str, index: int) -> Metric:
    if name not in METRICS:
        raise filters.unknown(name, ("metrics", index), "metric")
    return METRICS[name]


def _column(name: str, index: int) -> Column:
    if name.startswith(_TIME) and name.removeprefix(_TIME) in UNITS:
        return Bucketing(name.removeprefix(_TIME))
    times = tuple(f"{_TIME}{unit}" for unit in UNITS)
    return filters.dimension_of(name, ("dimensions", index), times)


def _check_once(names: list[str], place: str) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise query_error((place, index), f"{name} stands twice.", "Name it once.")


def _order(question: Question, dimensions: tuple[Column, ...]) -> tuple[Order, ...]:
    asked = tuple(_one_order(question, name, way, i) for i, (name, way) in _numbered(question))
    times = [i for i, d in enumerate(dimensions) if isinstance(d, Bucketing)]
    default = (Order(False, times[0], False),) if times else (Order(True, 0, True),)
    order = asked or default
    used = {one.index for one in order if not one.is_metric}
    ties = tuple(Order(False, i, False) for i in range(len(dimensions)) if i not in used)
    return order + ties


def _numbered(question: Question) -> list[tuple[int, tuple[str, str]]]:
    return list(enumerate(question.order_by))


def _one_order(question: Question, name: str, way: str, index: int) -> Order:
    for names, is_metric in ((question.metrics, True), (question.dimensions, False)):
        if name in names:
            return Order(is_metric, names.index(name), way == "desc")
    raise query_error(
        ("order_by", index, 0),
        f"{filters.shown(name)} is not part of the answer.",
        f"Use one of {', '.join([*question.metrics, *question.dimensions])}.",
    )


def _check_compares(ask: Ask) -> None:
    names = [metric.name for metric in ask.metrics]
    for compare in ask.compares:
        if compare.metric not in names:
            raise query_error(
                ("filters",),
                f"{compare.metric} is compared but not asked for.",
                "Add it to `metrics`.",
            )
        if not ask.properties:
            raise query_error(
                ("filters",),
                f"{compare.op} compares the metrics of a breakdown's rows.",
                "Add a dimension besides time.",
            )


def digest(question: Question) -> str:
    """Name a question whatever its page: the same words give the same digest."""
    plain = question.model_dump(mode="json", exclude={"cursor"})
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def cursor_for(question: Question, offset: int) -> str:
    """Return the cursor of the page that begins at an offset."""
    text = json.dumps([digest(question), offset])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _offset(question: Question) -> int:
    if question.cursor is None:
        return 0
    try:
        padded = question.cursor + "=" * (-len(question.cursor) % 4)
        of, offset = json.loads(base64.urlsafe_b64decode(padded))
        if of == digest(question) and type(offset) is int and 0 <= offset <= MAX_OFFSET:
            return offset
    except (ValueError, TypeError, binascii.Error):
        pass
    raise query_error(
        ("cursor",),
        "The cursor does not belong to this question.",
        "Repeat the question unchanged with the `next_cursor` of its answer.",
    )
