// Batches to the edge: together, true for every event in them, and in time before the page goes.
import { session, uuid, visitor } from "./ids.ts";
import type { Consent, Event, Options, Values } from "./options.ts";
import { retries, type Batch } from "./retry.ts";
import { read } from "./storage.ts";

declare const VERSION: string;

/** Beacons and keepalive requests share 64 KiB in flight. */
const FLIGHT_MAX_BYTES = 60_000;
/** A refused beacon is halved down to this, then stored. */
const HALVING_MIN_BYTES = 16_384;
/** What waits for consent, at most. */
const WAITING_MAX = 200;

export interface Sender {
  add(event: Event): void;
  /** Sends what waits; `isLeaving` takes only ways that outlive the page and stores what finds none. */
  flush(isLeaving?: boolean): void;
  isFull(): boolean;
  /** Returns what is true of every event of a batch; named as the columns are. */
  common(): Values;
  consent?: Consent | undefined;
  /** Address of the first page, while it is the page being seen: its campaign counts even if the page rewrites it. */
  landing?: string | undefined;
}

/** Tells whether the visitor is counted without any id. */
export function isCookieless({ cookieless }: Options, consent?: Consent): boolean {
  return cookieless === "always" || (cookieless === "on_reject" && consent === "denied");
}

export function sender(options: Options): Sender {
  const { endpoint, key, debug } = options;
  let waiting: Event[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let client_session_id = "";
  let inFlight = 0;

  const isHeld = () =>
    !isCookieless(options, self.consent) && (self.consent === "pending" || self.consent === "denied");

  /** Sends a batch once; false if it has to be sent again, or after how many ms the edge wants it. */
  const post = async (body: Values, isLeaving?: boolean): Promise<boolean | number> => {
    body["sent_at"] = Date.now();
    const text = JSON.stringify(body);
    const { size } = new Blob([text]);
    const events = body["events"] as Event[];
    const isLarge = inFlight + size > FLIGHT_MAX_BYTES;
    if (isLeaving ? isLarge && size > HALVING_MIN_BYTES : size > FLIGHT_MAX_BYTES)
      if (events.length > 1) {
        const middle = events.length >> 1;
        for (const part of [events.slice(0, middle), events.slice(middle)]) send(part, isLeaving, body);
        return true;
      }
    if (isLeaving && isLarge) return false;
    // Unlike a beacon, a request that outlives the page leaves cookies at home and tells of a failure if the page stays.
    if (isLeaving && !("keepalive" in Request.prototype)) return navigator.sendBeacon(endpoint, text);
    inFlight += size;
    try {
      // A string goes as text/plain, which needs no preflight; no cookie is wanted.
      const answer = await fetch(endpoint, { method: "POST", body: text, credentials: "omit", keepalive: !isLarge });
      const { status } = answer;
      if (debug || (status > 399 && status < 500)) console.info("headwater:", status, await answer.text());
      if (status === 408 || status === 429 || status > 499) return Number(answer.headers.get("retry-after")) * 1000;
      return true;
    } catch {
      return false;
    } finally {
      inFlight -= size;
    }
  };

  const again = retries(post, isHeld);

  const send = (events: Event[], isLeaving?: boolean, shared: Values = common()) => {
    const batch: Batch = { at: Date.now(), tries: 0, due: 0, body: { ...shared, batch_id: uuid(), events } };
    again.attempt(batch, isLeaving);
  };

  const common = (): Values => {
    const who: Values = {};
    if (isCookieless(options, self.consent)) who["is_cookieless"] = true;
    else {
      const { id, isNew } = visitor((client_session_id ||= session()));
      const user_id = read("user") || undefined;
      Object.assign(who, { visitor_id: id, user_id, client_session_id, is_new_visitor_hint: isNew });
    }
    return {
      key,
      ...who,
      landing_url: self.landing,
      consent: self.consent,
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
  };

  const self: Sender = {
    consent: options.consent,
    add(event) {
      const changed = options.beforeSend ? options.beforeSend(event) : event;
      if (debug) console.info("headwater:", changed ? "event" : "dropped", event);
      if (!changed || (self.consent === "denied" && isHeld())) return;
      const now = session();
      // What waits was of the session before.
      if (now !== client_session_id) self.flush();
      client_session_id = now;
      waiting.push(changed);
      if (waiting.length >= options.batchSize) self.flush();
      else timer ||= setTimeout(self.flush, options.batchInterval);
    },
    flush(isLeaving) {
      clearTimeout(timer);
      timer = undefined;
      if (self.consent === "denied" && isHeld()) waiting = [];
      if (isLeaving === true) again.hide();
      if (isHeld() || !waiting.length) return;
      const events = waiting;
      waiting = [];
      send(events, isLeaving === true);
    },
    common,
    isFull: () => waiting.length >= WAITING_MAX,
  };
  setTimeout(again.drain);
  addEventListener("online", () => again.drain(true));
  return self;
}
