// Batches to the edge: together, again after a failure, and in time before the page goes.
import { read, session, visitor, write } from "./ids.ts";
import type { Event, Options } from "./settings.ts";

declare const VERSION: string;

const RETRY_MS = 3_000;
const RETRY_MAX_MS = 30 * 60_000;
const TRIES = 10;
const STORED_MAX_BYTES = 100_000;
const STORED_MAX_MS = 24 * 3_600_000;
/** Beacons and keepalive requests share 64 KiB in flight. */
const BEACON_MAX_BYTES = 60_000;

interface Batch {
  made_at: number;
  tries: number;
  body: Record<string, unknown>;
}

export interface Sender {
  add(event: Event): void;
  /** Sends what waits; `isLeaving` uses a beacon and stores what it refuses. */
  flush(isLeaving?: boolean): void;
}

export function sender(options: Options): Sender {
  let waiting: Event[] = [];
  let again: Batch[] = stored();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const post = (batch: Batch) => {
    batch.tries++;
    batch.body["sent_at"] = Date.now();
    fetch(options.endpoint, {
      method: "POST",
      body: JSON.stringify(batch.body),
      // text/plain needs no preflight; no cookie is wanted.
      headers: { "content-type": "text/plain" },
      credentials: "omit",
      keepalive: true,
    }).then(
      async (answer) => {
        const { status } = answer;
        if (status === 408 || status === 429 || status > 499) later(batch, Number(answer.headers.get("retry-after")) * 1000);
        else if (options.debug) console.info("headwater:", status, await answer.text());
      },
      () => later(batch, 0),
    );
  };

  const later = (batch: Batch, pause: number) => {
    if (batch.tries >= TRIES) return;
    again.push(batch);
    const backoff = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** (batch.tries - 1)) * (0.5 + Math.random());
    setTimeout(retry, Math.max(pause, backoff));
  };

  const retry = () => {
    const batches = again;
    again = [];
    batches.forEach(post);
  };

  const flush = (isLeaving?: boolean) => {
    clearTimeout(timer);
    timer = undefined;
    const batches = waiting.length ? split(waiting) : [];
    waiting = [];
    if (!isLeaving) return batches.forEach(post);
    for (const batch of batches) {
      batch.body["sent_at"] = Date.now();
      if (!navigator.sendBeacon?.(options.endpoint, JSON.stringify(batch.body))) again.push(batch);
    }
    store();
  };

  /** Returns the events as batches small enough for a beacon. */
  const split = (events: Event[]): Batch[] => {
    const body = { ...shared(options), events };
    if (events.length < 2 || JSON.stringify(body).length < BEACON_MAX_BYTES) return [{ made_at: Date.now(), tries: 0, body }];
    const middle = events.length >> 1;
    return [...split(events.slice(0, middle)), ...split(events.slice(middle))];
  };

  const store = () => {
    const text = JSON.stringify(again);
    write("q", again.length && text.length < STORED_MAX_BYTES ? text : null);
  };

  setTimeout(retry);
  addEventListener("online", retry);
  return {
    add(event) {
      const changed = options.beforeSend ? options.beforeSend(event) : event;
      if (options.debug) console.info("headwater:", changed ? "event" : "dropped", event);
      if (!changed) return;
      waiting.push(changed);
      if (waiting.length >= options.batchSize) flush();
      else timer ??= setTimeout(flush, options.batchInterval);
    },
    flush,
  };
}

/** Takes over what an earlier page could not send. */
function stored(): Batch[] {
  const text = read("q");
  write("q", null);
  try {
    const batches = JSON.parse(text || "[]") as Batch[];
    return batches.filter((batch) => Date.now() - batch.made_at < STORED_MAX_MS);
  } catch {
    return [];
  }
}

/** Returns what is true of every event of a batch; named as the columns are. */
function shared(options: Options): Record<string, unknown> {
  const { id, isNew } = visitor();
  return {
    key: options.key,
    visitor_id: id,
    user_id: read("user") ?? undefined,
    client_session_id: session(),
    is_new_visitor_hint: isNew,
    screen_width_px: screen.width,
    screen_height_px: screen.height,
    viewport_width_px: innerWidth,
    viewport_height_px: innerHeight,
    language: navigator.language,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    library_name: "headwater.js",
    library_version: VERSION,
    is_webdriver: navigator.webdriver || undefined,
  };
}
