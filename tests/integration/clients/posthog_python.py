"""Send the events of stdin with posthog for Python; print the errors it reports."""

import json
import sys

from posthog import Posthog

job = json.load(sys.stdin)
errors: list[str] = []
client = Posthog(
    job["key"], host=job["host"], gzip=True, max_retries=10, flush_interval=0.2,
    on_error=lambda error, items: errors.append(str(error)),
)  # fmt: skip
for event in job["events"]:
    client.capture(
        event["name"], distinct_id=event["visitor"], properties=event["properties"],
        uuid=event["id"],
    )  # fmt: skip
client.flush()
client.shutdown()
json.dump(errors, sys.stdout)
