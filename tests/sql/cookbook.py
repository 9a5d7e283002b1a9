"""The queries of docs/cookbook, as a reader would paste them."""

import re
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parents[2] / "docs" / "cookbook"
_BLOCK: Final = re.compile(r"^```sql\n(.*?)^```", re.MULTILINE | re.DOTALL)


def queries(page: str, site: str) -> list[str]:
    """Return the page's queries in order, asked about a site."""
    found = _BLOCK.findall((FOLDER / page).read_text("utf-8"))
    assert found, f"{page} holds no query"
    assert all("'my-site'" in query for query in found), page
    return [query.replace("'my-site'", f"'{site}'") for query in found]
