"""Send the events of stdin with segment-analytics-python; print the errors it reports."""

import json
import sys

from segment.analytics.client import Client

job = json.load(sys.stdin)
errors: list[str] = []
client = Client(
    job["key"], host=job["host"], gzip=True, max_retries=10, upload_interval=0.2,
    on_error=lambda error, items: errors.append(str(error)),
)  # fmt: skip
for event in job["events"]:
    client.track(
        anonymous_id=event["visitor"], event=event["name"], properties=event["properties"],
        message_id=event["id"],
    )  # fmt: skip
client.flush()
client.join()
json.dump(errors, sys.stdout)
