"""Serve the API and the page: `python -m serving`."""

import logging
import sys

import uvicorn

from serving.app import make_app
from serving.config import MissingSetting, load_config
from serving.lake import TrinoLake
from serving.parts import build
from serving.store import Store


def main() -> int:
    """Listen at HEADWATER_SERVING_URL until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        config = load_config()
    except MissingSetting as error:
        sys.stderr.write(f"serving: {error}\n")
        return 2
    parts = build(config, TrinoLake(config.trino_url), Store(config.postgres_url))
    uvicorn.run(
        make_app(parts),
        host=config.host,
        port=config.port,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
