"""What the query API takes and gives; lists stand in the order of the request."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_QUESTIONS = 20
MAX_ROWS = 10_000

Filter = Annotated[
    list[Any],
    Field(
        description=(
            "`[op, name, values]` with op is, is_not, contains, contains_not, matches, name a "
            "dimension or `property:NAME`; "
            '`["greater"|"less", metric, [number]]`; `["and"|"or", [filter, ...]]`; '
            '`["not"|"has_done"|"has_not_done", filter]`.'
        ),
        examples=[
            ["is", "country", ["DE", "AT"]],
            ["is", "property:plan", ["pro"]],
            ["has_done", ["is", "event_name", ["sign_up"]]],
        ],
    ),
]
Value = str | None
Number = int | float | None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Question(_Strict):
    """One question about one site."""

    site: str = Field(description="Site id.", examples=["demo"], max_length=63)
    metrics: list[str] = Field(
        min_length=1, max_length=20, description="Names from `GET /api/v1/metrics`."
    )
    dimensions: list[str] = Field(
        default_factory=list,
        max_length=3,
        description=(
            "Break down by these: names from `GET /api/v1/metrics`, `property:NAME` for what an "
            "event's properties hold under NAME; at most one `time:minute|hour|day|week|month`. By "
            "time alone every bucket is a row; with others only what has something is one."
        ),
        examples=[["source"], ["time:day", "property:plan"]],
    )
    filters: list[Filter] = Field(
        default_factory=list, max_length=20, description="All of them must hold."
    )
    date_range: str | list[str] = Field(
        default="28d",
        description=(
            "`day`, `24h`, `7d`, `28d`, `30d`, `91d`, `month`, `6mo`, `12mo`, `year`, `all`: each "
            "ends today; or `[from, to]`: two dates, both included, or two instants with an "
            "offset, the second excluded."
        ),
        examples=["7d", ["2026-03-01", "2026-03-31"]],
    )
    compare: Literal["previous_period", "previous_year"] | list[str] | None = Field(
        default=None, description="Compare with the period before, or with `[from, to]`."
    )
    order_by: list[tuple[str, Literal["asc", "desc"]]] = Field(
        default_factory=list,
        max_length=5,
        description="Names asked for; without it time runs up, else the first metric down.",
    )
    limit: int | None = Field(
        default=None,
        ge=1,
        le=MAX_ROWS,
        description="Rows of a page; 100, but all of a time series.",
    )
    totals: bool = Field(default=True, description="False leaves them out and reads less.")
    cursor: str | None = Field(
        default=None, max_length=400, description="`next_cursor` of the page before."
    )
    timezone: str | None = Field(
        default=None, max_length=64, description="IANA zone of days and hours; default: the site's."
    )

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "site": "demo",
                    "metrics": ["visitors", "page_views", "bounce_rate"],
                    "dimensions": ["source"],
                    "filters": [["is", "country", ["DE"]]],
                    "date_range": "28d",
                    "compare": "previous_period",
                    "limit": 10,
                }
            ]
        },
    )


class Questions(_Strict):
    """A page's worth of questions, answered in one round trip."""

    queries: list[Question] = Field(min_length=1, max_length=MAX_QUESTIONS)


class Comparison(BaseModel):
    """The same row in the period compared with.

    `change` is (now - then) / then, null where then is 0 or null.
    """

    dimensions: list[Value] = Field(default_factory=list)
    metrics: list[Number]
    change: list[Number]


class Row(BaseModel):
    """Metrics of one combination of dimension values; null = not known or not applicable.

    Days, weeks, months are dates (`2026-03-29`, a week by its Monday); hours and minutes are
    instants with the offset of the zone (`2026-03-29T03:00:00+02:00`).
    """

    dimensions: list[Value]
    metrics: list[Number]
    comparison: Comparison | None = None


class Totals(BaseModel):
    """Metrics over everything that matches, not only over the rows shown."""

    metrics: list[Number]
    comparison: Comparison | None = None


class Definition(BaseModel):
    """What a metric or dimension means; the same sentence in API, page and docs."""

    name: str
    label: str
    definition: str
    unit: str | None = None


class Period(BaseModel):
    """A resolved range: `start` included, `end` excluded."""

    start: datetime
    end: datetime
    timezone: str


class Meta(BaseModel):
    """How far an answer can be trusted."""

    as_of: datetime | None = Field(description="Every event appended until then is counted.")
    freshness_seconds: float | None = Field(description="Age of `as_of` when answered.")
    provisional: bool = Field(description="True: a day of the range may still change.")
    incomplete: Value = Field(description="The time bucket that is still running, if one is.")
    period: Period
    compared_with: Period | None = None
    definitions: list[Definition]
    source: list[str] = Field(description="Views that were read.")
    cached: bool = Field(description="True: no statement ran for this answer.")
    stale: bool = Field(default=False, description="True: the lake is away, figures are older.")
    took_ms: float
    warnings: list[str] = Field(default_factory=list)


class Answer(BaseModel):
    """Rows for one question; `query` is the question after defaults and can be posted again."""

    rows: list[Row]
    totals: Totals | None = Field(description="Null if the question did not want them.")
    next_cursor: str | None = None
    query: Question
    meta: Meta


class ErrorItem(BaseModel):
    """One fault: where (`query.filters.0.1`), what, and what to write instead."""

    loc: list[str | int]
    msg: str
    fix: str = ""


class Problem(BaseModel):
    """An error as RFC 9457 has it, `application/problem+json`."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    errors: list[ErrorItem] = Field(default_factory=list)


class Failure(BaseModel):
    """A question of a batch that could not be answered."""

    problem: Problem


class Answers(BaseModel):
    """One answer or problem for each question, in their order."""

    answers: list[Answer | Failure]


class MinuteCount(BaseModel):
    """One minute of the live view."""

    minute: datetime
    visitors: int
    page_views: int


class LastMinutes(BaseModel):
    """Counts over some minutes until now."""

    minutes: int
    visitors: int
    page_views: int


class TopValue(BaseModel):
    """A page, source or country of the last 30 minutes."""

    value: Value
    visitors: int
    page_views: int


class Realtime(BaseModel):
    """Who is on the site now."""

    site: str
    as_of: datetime
    windows: list[LastMinutes] = Field(description="The last 5 and the last 30 minutes.")
    by_minute: list[MinuteCount] = Field(description="30 minutes, oldest first, gaps as 0.")
    pages: list[TopValue]
    sources: list[TopValue]
    countries: list[TopValue]
    stale_seconds: float = Field(default=0, description="Age, when Trino did not answer.")


class SiteInfo(BaseModel):
    """A site that the caller may read."""

    site: str
    name: str
    timezone: str
    exclude_bots: bool
    created_at: datetime


class Sites(BaseModel):
    """All sites that the caller may read, by id."""

    sites: list[SiteInfo]


class MetricInfo(Definition):
    """A metric: over which views it is computed."""

    sources: list[str]


class DimensionInfo(Definition):
    """A dimension: which views have it; session dimensions are those of the first event."""

    sources: list[str]


class Dictionary(BaseModel):
    """All names that a question may use."""

    metrics: list[MetricInfo]
    dimensions: list[DimensionInfo]
    time_units: list[str]
    date_ranges: list[str]
    filters: list[str]


class RestatementRequest(_Strict):
    """Local dates of a site that are to be computed again from its events."""

    site: str = Field(examples=["demo"], max_length=63)
    dates: list[date] = Field(min_length=1, max_length=400, examples=[["2026-03-01"]])
    reason: str = Field(default="asked for over the API", max_length=200)


class RestatementStatus(BaseModel):
    """How far a request is: queued, running, done or failed (`error` says why)."""

    restatement_id: int
    site: str
    dates: list[date]
    reason: str
    status: Literal["queued", "running", "done", "failed"]
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None
