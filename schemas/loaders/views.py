"""Views: what the headers of schemas/views/*.sql say to others than those who make them."""

import re
from pathlib import Path
from typing import Final

from schemas.loaders.strict import SchemaError

_DAY: Final = re.compile(r"^-- Day: +(\S+)$", re.MULTILINE)
_NO_DAY: Final = "none"


def load_day_columns(folder: Path) -> dict[str, str | None]:
    """Return the views that can be exported, with the column of the day; None if rows have none.

    Headers say it: `Day: event_date`, `Day: none`. A view that says nothing is not for taking away.
    """
    found: dict[str, str | None] = {}
    for path in sorted(folder.glob("*.sql")):
        said = _DAY.findall(path.read_text("utf-8"))
        if len(said) > 1:
            raise SchemaError(f"views/{path.name}: more than one Day")
        if said:
            found[path.stem] = None if said[0] == _NO_DAY else said[0]
    return found
