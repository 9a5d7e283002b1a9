"""What a funnel may be asked to be: the model of requests, and of what is kept of a saved one."""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from schemas.goals import InvalidCondition, Match, destination_of, event_of
from schemas.load import RULES
from schemas.loaders.metrics import Dimension
from serving.errors import query_error
from serving.query.filters import Loc, shown
from serving.query.funnel import BREAKDOWNS, PAGE_VIEW, Deed, Exclusion, FunnelAsk, Order, Step

_LIMITS: Final = RULES.funnels
_EXAMPLE: Final = [
    {"match": "exact", "path": "/pricing"},
    {"event_name": "sign_up", "optional": True},
    {"event_name": "purchase", "properties": [{"name": "plan", "value": "pro"}]},
]


class Strict(BaseModel):
    """What a request may hold, and nothing beside it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HasProperty(Strict):
    """A property of an event and its value as text: 10 is met by 10, 10.0 and "10"."""

    name: str
    value: str


class DeedRequest(Strict):
    """One thing a visitor does: an event, a page view, or an event on a page."""

    event_name: str | None = Field(
        default=None, description="A page view, if a path is given and nothing here."
    )
    match: Match | None = Field(default=None, description="How `path` is compared.")
    path: str | None = None
    properties: list[HasProperty] = Field(default_factory=list, description="All must hold.")


class StepRequest(DeedRequest):
    """A step; whoever passes over an optional one goes on to the next."""

    optional: bool = False


class ExclusionRequest(DeedRequest):
    """What ends a try that has come to one step and not yet to the other."""

    after_step: int = Field(default=1, ge=1, description="The first step by default.")
    before_step: int | None = Field(default=None, ge=2, description="The last step by default.")


class FunnelDefinition(Strict):
    """A funnel's steps, their order, the window they lie in, and what ends a try."""

    steps: list[StepRequest] = Field(
        min_length=2, max_length=_LIMITS.max_steps, examples=[_EXAMPLE]
    )
    order: Order = Field(
        default="ordered",
        description="`ordered`: other events may lie between steps; `strict`: none; `any`: a "
        "step needs those listed before it, whichever came first.",
    )
    window_seconds: int = Field(
        default=_LIMITS.window_seconds,
        ge=1,
        le=_LIMITS.max_window_seconds,
        description="From a try's first event to its last, both included.",
    )
    exclusions: list[ExclusionRequest] = Field(
        default_factory=list, max_length=_LIMITS.max_exclusions
    )

    def as_json(self) -> dict[str, Any]:
        """Return what is kept of it: its own fields, whatever else a request adds."""
        return self.model_dump(mode="json", include=set(FunnelDefinition.model_fields))


def ask_of(
    asked: FunnelDefinition, breakdown: str | None = None, values: int = _LIMITS.values
) -> FunnelAsk:
    """Return the checked funnel, or raise QueryError naming the place and what is possible."""
    if asked.steps[0].optional:
        raise query_error(
            ("steps", 0, "optional"), "A funnel begins with its first step.", "Leave it out."
        )
    return FunnelAsk(
        steps=tuple(
            Step(_deed(step, ("steps", i)), step.optional) for i, step in enumerate(asked.steps)
        ),
        order=asked.order,
        window_seconds=asked.window_seconds,
        exclusions=tuple(_exclusion(one, i, asked) for i, one in enumerate(asked.exclusions)),
        breakdown=_breakdown(breakdown),
        values=values,
    )


def _exclusion(one: ExclusionRequest, index: int, asked: FunnelDefinition) -> Exclusion:
    loc: Loc = ("exclusions", index)
    count = len(asked.steps)
    before = one.before_step or count
    if asked.order == "any" and (one.after_step, before) != (1, count):
        raise query_error(
            (*loc, "after_step"), "In any order no step lies after another.", "Leave both out."
        )
    if not one.after_step < before <= count:
        raise query_error(
            (*loc, "before_step"),
            f"Nothing lies between step {one.after_step} and step {before} of {count}.",
            "Name two steps, the earlier one first.",
        )
    return Exclusion(_deed(one, loc), one.after_step, before)


def _deed(one: DeedRequest, loc: Loc) -> Deed:
    if (one.match is None) != (one.path is None):
        raise query_error(
            (*loc, "match"), "A path and how it is compared go together.", "Add both."
        )
    if one.event_name is None and one.path is None:
        raise query_error(loc, "Nothing is asked of the visitor.", "Give `event_name` or `path`.")
    try:
        return Deed(
            event_of({"event_name": _name(one), "properties": _properties(one)}),
            destination_of({"match": one.match, "path": one.path}) if one.match else None,
        )
    except InvalidCondition as error:
        raise query_error((*loc, error.field), str(error), error.fix) from None


def _name(one: DeedRequest) -> str:
    return PAGE_VIEW if one.event_name is None else one.event_name


def _properties(one: DeedRequest) -> list[dict[str, str]]:
    return [has.model_dump() for has in one.properties]


def _breakdown(name: str | None) -> Dimension | None:
    if name is not None and name not in BREAKDOWNS:
        raise query_error(
            ("breakdown",),
            f"{shown(name)} is no property of one event.",
            f"Use one of {', '.join(sorted(BREAKDOWNS))}.",
        )
    return None if name is None else BREAKDOWNS[name]
