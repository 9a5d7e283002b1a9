// What the parts of the tracker share.
import { uuid } from "./ids.ts";
import type { Event, Options, Values } from "./options.ts";
import type { Sender } from "./send.ts";
import { read, write } from "./storage.ts";

/** At most one event per so many ms for long, and so many at once; kept across reloads, with the number of those left out. */
const RATE_MS = 100;
const BURST = 100;

export interface Core {
  options: Options;
  out: Sender;
  /** Returns an event of this moment and page view; nobody has seen it yet. */
  make(name: string, properties?: Values, columns?: Values): Event;
  add(event: Event): void;
  /** Makes and adds an event. */
  emit(name: string, properties?: Values, columns?: Values): void;
  flush(): void;
  /** Run before anything that ends a stretch: hiding, a new page view, a change of identity or consent. */
  onEnd: ((isHiding?: boolean) => void)[];
  /** Adds values to every event from now on. */
  set(values: Values): void;
  /** Columns of the page view that events now belong to. */
  page: Values;
  /** Links an error to a click just before it; returns the click's target. */
  blame?: (error: Values) => unknown;
  /** Clicks made before the second part was there: each with an event of its moment and page view. */
  early?: [click: MouseEvent, event: Event][] | undefined;
  /** When the call that is being replayed was made. */
  calledAt: number | undefined;
}

/** Listens before the page does; sees events that do not bubble too. Not for touches and wheels: a page would scroll late. */
export function on(names: string, listener: (event: never) => void): void {
  for (const name of names.split(" ")) addEventListener(name, listener as EventListener, true);
}

/** Returns the part of an address that tells files apart, without what may name a person. */
export function withoutQuery(address: string): string {
  return address.split(/[?#]/)[0]!.slice(0, 300);
}

export function makeCore(options: Options, out: Sender): Core {
  let seq = 0;
  let always: Values | undefined;
  let [level = 0, at = 0, dropped = 0] = (read("r") || "0").split("|").map(Number);
  const keep = () => write("r", [level, at, dropped].join("|"));

  const make = (event_name: string, properties?: Values, columns?: Values): Event => ({
    event_id: uuid(),
    event_name,
    client_at: core.calledAt || Date.now(),
    seq: seq++,
    ...core.page,
    ...columns,
    properties: { ...always, ...properties },
  });
  const add = (event: Event) => {
    const now = Date.now();
    level = Math.max(0, level - Math.abs(now - at) / RATE_MS);
    at = now;
    if (level >= BURST || out.isFull()) {
      dropped++;
      return;
    }
    level++;
    const count = dropped;
    dropped = 0;
    if (count) {
      out.add(make("dropped_events", { count }));
      keep();
    }
    out.add(event);
  };
  const core: Core = {
    options,
    out,
    make,
    add,
    emit: (...values) => add(make(...values)),
    flush: out.flush,
    onEnd: [() => level + dropped > 1 && keep()],
    page: {},
    calledAt: undefined,
    set: (values) => void (always = { ...always, ...values }),
  };
  return core;
}
