"""A question with everything that is needed to answer it, and nothing read yet."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from serving.freshness import State
from serving.query import periods
from serving.query.ask import Ask
from serving.query.periods import Span
from serving.query.schemas import Question
from serving.scope import SiteScope

BUCKET_SECONDS: Final = 5


@dataclass(frozen=True)
class Asked:
    """A question with everything that is needed to answer it, and nothing read yet."""

    question: Question
    ask: Ask
    scope: SiteScope
    span: Span
    earlier: Span | None
    state: State
    now: datetime

    @property
    def is_provisional(self) -> bool:
        """Whether a day of the range may still change."""
        return self.state.open_from(self.span) < self.span.end

    @property
    def token(self) -> tuple[str, int]:
        """Name the version of the data: the closed days' runs, and the 5 s bucket if open."""
        spans = [self.span] + ([self.earlier] if self.earlier else [])
        is_open = any(self.state.open_from(span) < span.end for span in spans)
        version = "-".join(self.state.version(span) for span in spans)
        return version, bucket_of(self.now) if is_open else 0


def bucket_of(now: datetime) -> int:
    """Return the number of the 5 s bucket of an instant; 0 is kept for closed days."""
    return int(now.timestamp()) // BUCKET_SECONDS


def earlier_of(question: Question, span: Span, now: datetime) -> Span | None:
    """Return the span that a question compares with, None if it does not compare."""
    match question.compare:
        case None:
            return None
        case "previous_period":
            return periods.before(span, now)
        case "previous_year":
            return periods.year_before(span, now)
        case other:
            return periods.between(other, span.zone, ("compare",))
