"""What several wire formats send alike. Unknown fields are forbidden: see leftover.py."""

import msgspec


class Page(msgspec.Struct, forbid_unknown_fields=True):
    """The page it happened on."""

    url: str | None = None
    path: str | None = None
    search: str | None = None
    title: str | None = None
    referrer: str | None = None


class Library(msgspec.Struct, forbid_unknown_fields=True):
    """What sent it."""

    name: str | None = None
    version: str | None = None
