"""Serve the API and the page: `python -m serving`."""

import logging
import socket
import sys

import uvicorn

from serving.app import make_app
from serving.config import MissingSetting, load_config
from serving.lake import TrinoLake
from serving.live.feed import LiveFeed
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
    settings = uvicorn.Config(
        make_app(parts),
        host=config.host,
        port=config.port,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    server = _Server(settings, parts.feed)
    server.run()
    return 0 if server.started else 3


class _Server(uvicorn.Server):
    """Ends live streams first: they would go on for ever, and the server waits for what is open."""

    def __init__(self, config: uvicorn.Config, feed: LiveFeed) -> None:
        super().__init__(config)
        self._feed = feed

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop in order."""
        self._feed.close()
        await super().shutdown(sockets)


if __name__ == "__main__":
    sys.exit(main())
