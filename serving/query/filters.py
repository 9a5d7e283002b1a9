"""The filters of a question: lists from outside become a tree that names only known things."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from schemas.goals import InvalidCondition, checked_text
from schemas.load import DIMENSIONS, KEYED, METRICS
from schemas.loaders.metrics import Dimension
from serving.errors import QueryError, query_error

TEXT_OPS: Final = ("is", "is_not", "contains", "contains_not", "matches")
NUMBER_OPS: Final = ("greater", "less")
LOGIC_OPS: Final = ("and", "or", "not", "has_done", "has_not_done")
OPS: Final = (*TEXT_OPS, *NUMBER_OPS, *LOGIC_OPS)
MAX_DEPTH: Final = 8
MAX_VALUES: Final = 500
MAX_LENGTH: Final = 2_000
MAX_PATTERN: Final = 200
Loc = tuple[str | int, ...]


@dataclass(frozen=True)
class Match:
    """A dimension compared with texts; None among the values means: has no value."""

    op: str
    dimension: Dimension
    values: tuple[str | None, ...]


@dataclass(frozen=True)
class Compare:
    """A metric of a row compared with a number, after counting."""

    op: str
    metric: str
    value: int | float


@dataclass(frozen=True)
class Every:
    """All parts hold."""

    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Some:
    """At least one part holds."""

    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: "Node"


@dataclass(frozen=True)
class HasDone:
    """The visitor has, within the range, an event (or session) for which the part holds."""

    part: "Node"


Node = Match | Every | Some | Not | HasDone


def parse(filters: list[list[Any]]) -> tuple[tuple[Node, ...], tuple[Compare, ...]]:
    """Return what rows must match, and what their metrics must match after counting."""
    nodes, compares = [], []
    for index, asked in enumerate(filters):
        loc: Loc = ("filters", index)
        if asked and asked[0] in NUMBER_OPS:
            compares.append(_compare(asked, loc))
        else:
            nodes.append(_node(asked, loc, 0, inside=False))
    return tuple(nodes), tuple(compares)


def leaves(node: Node) -> Iterator[Dimension]:
    """Yield the dimensions a row itself is compared by; not those inside `has_done`."""
    match node:
        case Match(dimension=dimension):
            yield dimension
        case Every(parts=parts) | Some(parts=parts):
            for part in parts:
                yield from leaves(part)
        case Not(part=part):
            yield from leaves(part)
        case HasDone():
            return


def has_done(node: Node) -> bool:
    """Whether a part asks what the visitor did elsewhere in the range."""
    match node:
        case Every(parts=parts) | Some(parts=parts):
            return any(has_done(part) for part in parts)
        case Not(part=part):
            return has_done(part)
        case HasDone():
            return True
    return False


def _node(asked: Any, loc: Loc, depth: int, *, inside: bool) -> Node:
    op = _op(asked, loc)
    if depth > MAX_DEPTH:
        raise query_error(loc, f"Filters are nested deeper than {MAX_DEPTH}.", "Flatten them.")
    if op in NUMBER_OPS:
        raise query_error(
            (*loc, 0), f"{op!r} compares metrics of rows.", "Move it to the top of `filters`."
        )
    if op in TEXT_OPS:
        return _match(asked, loc)
    if op in ("and", "or"):
        parts = _list(asked, loc, "filters")
        nodes = tuple(
            _node(part, (*loc, 1, i), depth + 1, inside=inside) for i, part in enumerate(parts)
        )
        return Every(nodes) if op == "and" else Some(nodes)
    _arity(asked, 2, loc, f'["{op}", filter]')
    if op == "not":
        return Not(_node(asked[1], (*loc, 1), depth + 1, inside=inside))
    if inside:
        raise query_error((*loc, 0), "has_done cannot stand inside has_done.", "Use `and`.")
    done = HasDone(_node(asked[1], (*loc, 1), depth + 1, inside=True))
    return done if op == "has_done" else Not(done)


def _op(asked: Any, loc: Loc) -> str:
    if not isinstance(asked, list) or not asked or not isinstance(asked[0], str):
        raise query_error(loc, "A filter is a list.", 'Write ["is", "country", ["DE"]].')
    if asked[0] not in OPS:
        raise query_error(
            (*loc, 0), f"{shown(asked[0])} is not a filter.", f"Use one of {', '.join(OPS)}."
        )
    return str(asked[0])


def _match(asked: list[Any], loc: Loc) -> Match:
    op = str(asked[0])
    _arity(asked, 3, loc, f'["{op}", dimension, [value, ...]]')
    dimension = dimension_of(asked[1], (*loc, 1))
    values = asked[2] if isinstance(asked[2], list) else [asked[2]]
    if not 1 <= len(values) <= MAX_VALUES:
        raise query_error((*loc, 2), f"{len(values)} values.", f"Give 1 to {MAX_VALUES} values.")
    texts = tuple(_text(op, value, (*loc, 2, i)) for i, value in enumerate(values))
    return Match(op, dimension, texts)


def dimension_of(name: Any, loc: Loc, others: tuple[str, ...] = ()) -> Dimension:
    """Return a dimension by the name of a question, such as `page` or `property:plan`.

    Raises QueryError naming the place and what is possible; `others` are possible there too.
    """
    if isinstance(name, str) and name in DIMENSIONS:
        return DIMENSIONS[name]
    if _is_keyed(name):
        kind, _, key = name.partition(":")
        return KEYED[kind].under(_key(kind, key, loc))
    raise unknown(name, loc, "dimension", others)


def _is_keyed(name: Any) -> bool:
    return isinstance(name, str) and ":" in name and name.partition(":")[0] in KEYED


def _key(kind: str, key: str, loc: Loc) -> str:
    try:
        return checked_text(kind, key)
    except InvalidCondition as error:
        raise query_error(loc, f"NAME of {kind}:NAME: {error}", error.fix) from None


def _text(op: str, value: Any, loc: Loc) -> str | None:
    if value is None and op in ("is", "is_not"):
        return None
    if not isinstance(value, str):
        raise query_error(loc, f"{shown(value)} is not a text.", 'Write it in quotes: "DE".')
    if len(value) > (MAX_PATTERN if op == "matches" else MAX_LENGTH):
        raise query_error(loc, f"{len(value)} characters are too many.", "Shorten the text.")
    if not is_clean(value):
        raise query_error(loc, "The text has characters that are no text.", "Send valid Unicode.")
    return value


def is_clean(text: str) -> bool:
    """Whether a text can be stored and compared: no lone surrogates, no NUL."""
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _compare(asked: list[Any], loc: Loc) -> Compare:
    op = str(asked[0])
    _arity(asked, 3, loc, f'["{op}", metric, [number]]')
    name = asked[1]
    if not isinstance(name, str) or name not in METRICS:
        if isinstance(name, str) and (name in DIMENSIONS or _is_keyed(name)):
            raise query_error(
                (*loc, 1), f"{shown(name)} is a text.", f"Use one of {', '.join(TEXT_OPS)} for it."
            )
        raise unknown(name, (*loc, 1), "metric")
    value = asked[2][0] if isinstance(asked[2], list) and len(asked[2]) == 1 else asked[2]
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e15:
        raise query_error((*loc, 2), f"{shown(value)} is not a number.", "Write [100].")
    return Compare(op, name, value)


def _list(asked: list[Any], loc: Loc, what: str) -> list[Any]:
    _arity(asked, 2, loc, f'["{asked[0]}", [{what}, ...]]')
    if not isinstance(asked[1], list) or not 1 <= len(asked[1]) <= 50:
        raise query_error((*loc, 1), f"Not a list of 1 to 50 {what}.")
    return asked[1]


def _arity(asked: list[Any], count: int, loc: Loc, form: str) -> None:
    if len(asked) != count:
        raise query_error(
            loc, f"This filter has {len(asked)} parts, not {count}.", f"Write {form}."
        )


def unknown(name: Any, loc: Loc, what: str, others: tuple[str, ...] = ()) -> QueryError:
    """Build the error for a name that is not in the registry; it lists those that are."""
    known = sorted(METRICS)
    if what == "dimension":
        known = sorted(DIMENSIONS) + [one.written for one in KEYED.values()]
    known += others
    return query_error(loc, f"{shown(name)} is not a {what}.", f"Use one of {', '.join(known)}.")


def shown(value: Any) -> str:
    """Quote a value from outside, cut to what an error message can hold."""
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."
