// What could not be sent: kept in the browser, sent again by whichever page is open. Repeats are removed by their ids.
import type { Event, Values } from "./options.ts";
import { read, write } from "./storage.ts";

const RETRY_MS = 3_000;
const RETRY_MAX_MS = 30 * 60_000;
const TRIES = 10;
const STORED_MAX_EVENTS = 200;
const STORED_MAX_BYTES = 100_000;
const STORED_MAX_MS = 24 * 3_600_000;
/** A tab that drains holds the others off for so long; one that died does too. */
const LOCK_MS = 20_000;

export interface Batch {
  /** When it was made, and when it is to be tried again; epoch ms. */
  at: number;
  due: number;
  tries: number;
  body: Values;
}

type Post = (body: Values, isLeaving?: boolean) => Promise<boolean | number>;

export interface Retries {
  /** Sends a batch, and keeps it if that fails. */
  attempt(batch: Batch, isLeaving?: boolean): Promise<void>;
  /** Sends again what is due; all of it with `isNow`. */
  drain(isNow?: unknown): Promise<void>;
  hide(): void;
}

/** Returns the time until the next attempt, in ms. */
export function pauseOf(tries: number, chance: number): number {
  return Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** (tries - 1)) * (0.5 + chance);
}

/** Changes the stored batches and returns them; the oldest go when there are too many. */
export function change(how: (batches: Batch[]) => Batch[]): Batch[] {
  let batches: Batch[] = [];
  try {
    batches = JSON.parse(read("q")!) || [];
  } catch {}
  const before = batches.length;
  const kept = how(batches.filter(({ at, tries }) => Date.now() - at < STORED_MAX_MS && tries < TRIES));
  while (
    kept.length &&
    (kept.flatMap(({ body }) => body["events"] as Event[]).length > STORED_MAX_EVENTS ||
      JSON.stringify(kept).length > STORED_MAX_BYTES)
  )
    kept.shift();
  if (before || kept.length) write("q", kept.length ? JSON.stringify(kept) : null);
  return kept;
}

export function retries(post: Post, isHeld: () => boolean): Retries {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isDraining = false;

  const without = (batch: Batch) => (batches: Batch[]) =>
    batches.filter(({ body }) => body["batch_id"] !== batch.body["batch_id"]);

  const attempt = async (batch: Batch, isLeaving?: boolean) => {
    const outcome = await post(batch.body, isLeaving);
    if (outcome === true) {
      if (batch.tries) change(without(batch));
      return;
    }
    batch.tries++;
    batch.due = isLeaving ? 0 : Date.now() + Math.max(Number(outcome) || 0, pauseOf(batch.tries, Math.random()));
    change((batches) => [...without(batch)(batches), batch]);
    wake();
  };

  const wake = () => {
    const due = Math.min(...change((batches) => batches).map((batch) => batch.due));
    clearTimeout(timer);
    // Never at once: another tab may be at it.
    if (due < Infinity) timer = setTimeout(drain, Math.max(1000, due - Date.now()));
  };

  const drain = async (isNow?: unknown) => {
    if (!read("q") || isHeld()) return;
    if (Date.now() - Number(read("m")) > LOCK_MS) {
      write("m", String(Date.now()));
      isDraining = true;
      for (const batch of change((batches) => batches))
        if (isNow === true || batch.due <= Date.now()) await attempt(batch);
      unlock();
    }
    wake();
  };

  const unlock = () => {
    if (isDraining) write("m", null);
    isDraining = false;
  };
  return { attempt, drain, hide: unlock };
}
