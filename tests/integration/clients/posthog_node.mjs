// Sends the events of stdin with posthog-node; prints the errors it reports.
import { text } from "node:stream/consumers";
import { PostHog } from "posthog-node";

const job = JSON.parse(await text(process.stdin));
const errors = [];
const client = new PostHog(job.key, { host: job.host, flushInterval: 200, fetchRetryDelay: 2_000 });
client.on("error", (error) => errors.push(String(error)));
for (const { id, visitor, name, properties } of job.events) {
  client.capture({ distinctId: visitor, event: name, properties, uuid: id });
}
await client.shutdown(60_000).catch((error) => errors.push(String(error)));
process.stdout.write(JSON.stringify(errors));
