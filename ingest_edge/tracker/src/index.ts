// The package: the same tracker, bundled by the site. Nothing touches the window before init(); on a server nothing happens.
import { makeClient, type Calls } from "./client.ts";
import type { Core } from "./core.ts";
import { startMore } from "./more.ts";
import { optionsOf, type Options } from "./options.ts";

export type { Calls } from "./client.ts";
export type { Consent, Event, Options, Values } from "./options.ts";

export interface Tracker extends Calls {
  /** Starts the tracker, once; calls made before wait for it. `endpoint` is the edge's `/e`. */
  init(key: string, options: Partial<Options> & Pick<Options, "endpoint">): void;
}

const NAMES: (keyof Tracker)[] = [
  "init", "track", "identify", "page", "conversion", "revenue", "form", "set", "reset", "consent", "flush",
];

/** Loads what records sessions: a part of its own, because most visits do without it. */
async function loadReplay(core: Core): Promise<void> {
  (await import("./replay.ts")).startReplay(core);
}

/** Returns a tracker. A page needs one; `tracker` is it. */
export function makeTracker(): Tracker {
  const isBrowser = typeof window !== "undefined";
  const client = isBrowser ? makeClient(() => optionsOf(null, location.search), (core) => startMore(core, () => void loadReplay(core))) : () => undefined;
  const entries = NAMES.map((name) => [name, (...values: unknown[]) => client(name, values, Date.now())]);
  return Object.fromEntries(entries) as Tracker;
}

export const tracker = makeTracker();
export const { init, track, identify, page, conversion, revenue, form, set, reset, consent, flush } = tracker;
