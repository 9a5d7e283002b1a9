"""web.attribution: journeys of a run's days and the site's paths in, credits out."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path as File
from typing import Final, Protocol

from pipelines.batch.attribution.journeys import Conversion, Journey, Path, Touch
from pipelines.batch.attribution.models import Credit, History, Model, attribute
from pipelines.batch.run import Run
from pipelines.lake.trino import Parameter, Row
from schemas.load import RULES

_FOLDER: Final = File(__file__).parent
_REACH: Final = timedelta(days=RULES.attribution.lookback_days.reach_days)
_TOUCH: Final = (
    "touched_at", "source", "medium", "campaign", "channel", "entry_page", "click_id_kind",
    "click_id",
)  # fmt: skip


class Ask(Protocol):
    """Runs a file of SQL for the run, with more values bound, and returns its rows."""

    def __call__(self, path: File, more: Mapping[str, Parameter]) -> list[Row]: ...


def rows(run: Run, ask: Ask) -> Iterator[list[Row]]:
    """Yield the rows of web.attribution, one list for each day that has conversions.

    The paths that Markov and Shapley learn from end with that day, however many days are
    restated together.
    """
    for found in ask(_FOLDER / "days.sql", {}):
        day = found["local_date"]
        history = _history(day, ask)
        journeys = journeys_of(ask(_FOLDER / "journeys.sql", _journey_values(day)), day)
        yield [row for journey in journeys for row in credit_rows(run, journey, history)]


def journeys_of(found: Iterable[Row], day: date) -> Iterator[Journey]:
    """Yield a journey for each conversion; its rows, one a touch, follow each other."""
    for _, steps in groupby(found, itemgetter("event_id")):
        touches = list(steps)
        first = touches[0]
        yield Journey(
            Conversion(
                event_id=first["event_id"],
                event_name=first["event_name"],
                local_date=day,
                converted_at=first["event_at"],
                visitor_id=first["visitor_id"],
                revenue_amount=first["revenue_amount"],
                currency=first["currency"],
                revenue_usd_amount=first["revenue_usd_amount"],
                is_bot=first["is_bot"],
            ),
            tuple(_touch(row) for row in touches if row["touch_session_id"] is not None),
        )


def credit_rows(run: Run, journey: Journey, history: History) -> Iterator[Row]:
    """Yield the rows of web.attribution of one conversion, model by model."""
    conversion = journey.conversion
    for model in Model:
        for credit in attribute(journey, model, history):
            yield {
                "site_id": run.site_id,
                "local_date": conversion.local_date,
                "run_id": run.run_id,
                "model": model.value,
                "event_id": conversion.event_id,
                "event_name": conversion.event_name,
                "event_at": conversion.converted_at,
                "visitor_id": conversion.visitor_id,
                "is_bot": conversion.is_bot,
                **_touch_columns(credit),
                "credit": credit.credit,
                "revenue_amount": credit.revenue_amount,
                "currency": conversion.currency,
                "revenue_usd_amount": credit.revenue_usd_amount,
            }


def _touch_columns(credit: Credit) -> Row:
    touch = credit.touch
    return {
        "session_id": touch and touch.session_id,
        "touch_number": credit.touch_number,
        "touch_count": credit.touch_count,
        "days_to_convert": credit.days_to_convert,
        "seen_as": credit.seen_as,
        **{name: touch and getattr(touch, name) for name in _TOUCH},
    }


def _touch(row: Row) -> Touch:
    return Touch(session_id=row["touch_session_id"], **{name: row[name] for name in _TOUCH})


def _history(day: date, ask: Ask) -> History:
    """Learn from the site's paths; twice only where the two models look back differently."""
    lookbacks = RULES.attribution.lookback_days
    markov = _paths(day, lookbacks.markov, ask)
    is_same = lookbacks.shapley == lookbacks.markov
    return History.of(markov, None if is_same else _paths(day, lookbacks.shapley, ask))


def _paths(day: date, lookback_days: int, ask: Ask) -> list[Path]:
    history_from = day - timedelta(days=RULES.attribution.history_days - 1)
    values: dict[str, Parameter] = {
        "history_from": history_from,
        "touches_from": history_from - _REACH,
        "last_date": day,
        "lookback_days": lookback_days,
    }
    return [
        Path(tuple(row["channels"]), row["converted_count"], row["lost_count"])
        for row in ask(_FOLDER / "paths.sql", values)
    ]


def _journey_values(day: date) -> dict[str, Parameter]:
    return {"local_date": day, "last_date": day, "touches_from": day - _REACH}
