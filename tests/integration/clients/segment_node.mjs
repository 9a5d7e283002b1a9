// Sends the events of stdin with @segment/analytics-node; prints the errors it reports.
import { text } from "node:stream/consumers";
import { Analytics } from "@segment/analytics-node";

const job = JSON.parse(await text(process.stdin));
const errors = [];
const client = new Analytics({ writeKey: job.key, host: job.host, flushInterval: 200, maxRetries: 5 });
client.on("error", (error) => errors.push(String(error.reason ?? error)));
for (const { id, visitor, name, properties } of job.events) {
  client.track({ anonymousId: visitor, event: name, properties, messageId: id });
}
await client.closeAndFlush({ timeout: 60_000 });
process.stdout.write(JSON.stringify(errors));
