"""Flink's REST interface (its own docs: Operations / REST API), as the verbs ask it."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from cli.context import Context
from cli.errors import CliError


def ask(context: Context, path: str, method: str = "GET") -> Any:
    """Return the answer's JSON; CliError if the JobManager does not answer."""
    url = context.environment["HEADWATER_FLINK_URL"]
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    try:
        connection.request(method, path)
        text = connection.getresponse().read()
    except OSError as error:
        raise CliError(
            "Flink's JobManager does not answer.",
            where=url,
            fix="See `headwater status`; start everything with `headwater up`.",
        ) from error
    finally:
        connection.close()
    return json.loads(text or b"{}")
