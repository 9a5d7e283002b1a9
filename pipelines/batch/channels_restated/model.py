"""web.channels_restated: origins of a run's days that today's rules put in another channel.

The edge decides when an event comes in; rules that changed since decide again for all of a day.
Where nothing changed no row is written: sessions then keep what the edge wrote.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from pipelines.batch.attribution.model import Ask
from pipelines.batch.run import Run
from pipelines.enrich.channel import channel_of
from pipelines.lake.trino import Row

_FOLDER: Final = Path(__file__).parent


def rows(run: Run, ask: Ask) -> Iterator[list[Row]]:
    """Yield the rows of web.channels_restated of all days of the run at once; mostly none."""
    yield moved(run, ask(_FOLDER / "origins.sql", {}))


def moved(run: Run, origins: Iterable[Row]) -> list[Row]:
    """Return a row for each origin that is in another channel now than the edge put it in."""
    found: list[Row] = []
    for origin in origins:
        channel = channel_of(
            origin["source"], origin["medium"], origin["campaign"], run.own.channel_rules
        )
        if channel != origin["edge_channel"]:
            own = {"site_id": run.site_id, "run_id": run.run_id, "channel": channel}
            found.append({**origin, **own})
    return found
