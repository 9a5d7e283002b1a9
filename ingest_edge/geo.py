"""Look up where an address is, before the address is forgotten."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import maxminddb


class Place(NamedTuple):
    """The columns of the same names; None where the file does not know."""

    country: str | None = None
    region: str | None = None
    city: str | None = None


NOWHERE: Final = Place()
# An IPv4 address as a socket for both versions shows it.
_MAPPED: Final = "::ffff:"


class Geo:
    """Two files of flat records (one per IP version); an absent file knows no place."""

    def __init__(self, v4: Path | None, v6: Path | None) -> None:
        self._v4, self._v6 = _open(v4), _open(v6)

    def place_of(self, address: str | None) -> Place:
        """Return the place of an address; NOWHERE for none, an odd or a private one."""
        if not address:
            return NOWHERE
        address = address.lower().removeprefix(_MAPPED)
        reader = self._v6 if ":" in address else self._v4
        try:
            found = reader.get(address) if reader else None
        except ValueError:
            return NOWHERE
        return _place(found) if isinstance(found, dict) else NOWHERE

    @property
    def is_present(self) -> bool:
        """Tell whether any place can be known."""
        return self._v4 is not None or self._v6 is not None


def _place(found: Mapping[str, object]) -> Place:
    return Place(
        _text(found.get("country_code")), _text(found.get("state1")), _text(found.get("city"))
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


@lru_cache(8)
def _open(path: Path | None) -> maxminddb.Reader | None:
    if path is None or not path.is_file():
        return None
    return maxminddb.open_database(path)
