"""Run the edge: `python -m ingest_edge`."""

import sys

import uvloop

from ingest_edge.app import App, make_app
from ingest_edge.config import Config, load_config
from ingest_edge.errors import BadSetting
from ingest_edge.logs import start_logging
from ingest_edge.server import Server


def main() -> int:
    """Serve until told to stop; returns the exit code."""
    start_logging()
    try:
        config = load_config()
        app = make_app(config)
    except BadSetting as error:
        sys.stderr.write(f"ingest_edge: {error}\n")
        return 2
    uvloop.run(_serve(app, config))
    return 0


async def _serve(app: App, config: Config) -> None:
    # No access log: it would hold addresses. Proxies are believed in arrival.py, not here.
    await Server(app).run(config.host, config.port)


if __name__ == "__main__":
    sys.exit(main())
