"""Run the edge: `python -m ingest_edge`."""

import logging
import sys
from typing import Final

import uvicorn

from ingest_edge.app import make_app
from ingest_edge.config import load_config
from ingest_edge.errors import BadSetting

_LOG_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"


def main() -> int:
    """Serve until told to stop; returns the exit code."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    try:
        config = load_config()
        app = make_app(config)
    except BadSetting as error:
        sys.stderr.write(f"ingest_edge: {error}\n")
        return 2
    # No access log: it would hold addresses. Proxies are believed in arrival.py, not here.
    uvicorn.run(
        app,
        host=config.host,
        port=config.port,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=10,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
