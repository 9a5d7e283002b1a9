"""What the API answers instead of rows, and as which status.

ServingError
├── QueryError          422  a question that makes no sense: `errors` say where and what instead
├── NotSignedIn         401  no key, no cookie, or one that does not count
├── Forbidden           403  a site or a write that this caller may not touch
├── NotFound            404
├── NotDone             409  it is asked for, but not there yet, or it failed
├── TooManyStreams      429  as many listen to live events as may
└── Unavailable         503  what is needed is away and nothing remembered can stand in
    ├── LakeUnavailable      Trino does not answer
    ├── LakeBusy             Trino took too long or has no room
    ├── ControlAway          Postgres does not answer
    └── LiveAway             Kafka does not answer: nothing can be told live
"""

from dataclasses import dataclass
from typing import ClassVar, Final


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a request: where, what, and what to write instead."""

    loc: tuple[str | int, ...]
    msg: str
    fix: str = ""


class ServingError(Exception):
    """The base; `code` is stable for programs, the message is for people."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str, *faults: Fault) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults: Final = faults


class QueryError(ServingError):
    """The question cannot be answered as it stands."""

    status, code, title = 422, "bad_query", "The question makes no sense"


class NotSignedIn(ServingError):
    """Nobody, or nobody known, is asking."""

    status, code, title = 401, "not_signed_in", "Not signed in"


class Forbidden(ServingError):
    """The caller is known but may not do this."""

    status, code, title = 403, "forbidden", "Not allowed"


class NotFound(ServingError):
    """There is no such thing for this caller."""

    status, code, title = 404, "not_found", "Not found"


class NotDone(ServingError):
    """What is asked for is known but cannot be given as it stands."""

    status, code, title = 409, "not_done", "Not done"


class TooManyStreams(ServingError):
    """No more listeners fit; others must leave first."""

    status, code, title = 429, "too_many_streams", "Too many listen already"


class Unavailable(ServingError):
    """What is needed is away; the same request may succeed in seconds."""

    status, code, title = 503, "unavailable", "Not available now"


class LakeUnavailable(Unavailable):
    """Trino is away: nothing can be read now."""

    code, title = "lake_unavailable", "The lake does not answer"


class LakeBusy(Unavailable):
    """Trino is there but did not finish in time."""

    code, title = "lake_busy", "The lake is busy"


class ControlAway(Unavailable):
    """Postgres is away and the caller is not remembered."""

    code, title = "control_unavailable", "The control plane does not answer"


class LiveAway(Unavailable):
    """Kafka is away: events cannot be told while they arrive."""

    code, title = "live_unavailable", "Live events cannot be told"


def query_error(loc: tuple[str | int, ...], msg: str, fix: str = "") -> QueryError:
    """Build the error for one fault of a question."""
    return QueryError(msg, Fault(loc, msg, fix))
