"""Keys that this command made for itself, kept in the home: a key is shown only when made.

`<home>/run/cli_keys.json`, readable by its owner only; a key that no longer works is made anew.
"""

import json
from pathlib import Path

from cli.context import Context
from cli.rooms import open_control


def own_key(context: Context, site: str, kind: str) -> str:
    """Return a working key of the kind for the site, made and kept if there is none."""
    from infra.local.home import write_whole
    from serving.control.keys import create_key, find_key

    path = context.home / "run" / "cli_keys.json"
    kept = _read(path)
    name = f"{site} {kind}"
    with open_control(context) as conn:
        key = kept.get(name)
        found = find_key(conn, key) if key else None
        if key is None or found is None or found.site_id != site:
            key = create_key(conn, site, kind, "headwater command")
            write_whole(path, {**kept, name: key}, mode=0o600)
    return key


def _read(path: Path) -> dict[str, str]:
    try:
        kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return kept
