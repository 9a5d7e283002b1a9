// The tracker: window.headwater, and what it counts by itself.
import { watchClicks } from "./clicks.ts";
import { forget, uuid, write } from "./ids.ts";
import { page } from "./page.ts";
import { sender } from "./send.ts";
import { reasonForSilence, settingsOf, type Options } from "./settings.ts";

type Properties = Record<string, unknown>;
type Call = [name: string, ...values: unknown[]];
type Api = Record<string, (...values: never[]) => void>;

// Only here, at the top of a classic script, does the browser say which script this is.
const script = document.currentScript as HTMLScriptElement | null;
const stub = (window as { headwater?: { q?: [number, Call][] } }).headwater;

let api: Api | undefined;
/** When a call was made that had to wait for this script. */
let calledAt: number | undefined;

function init(options: Options): void {
  if (api) return;
  const silence = reasonForSilence(options, navigator, location.hostname);
  if (silence) {
    console.info("headwater: nothing is sent:", silence);
    api = {};
    return;
  }
  api = start(options);
}

function start(options: Options): Api {
  let seq = 0;
  let always: Properties | undefined;
  const out = sender(options);
  const emit = (event_name: string, columns: Properties = {}) => {
    const properties = { ...always, ...(columns["properties"] as Properties) };
    out.add({ event_id: uuid(), event_name, client_at: calledAt ?? Date.now(), seq: seq++, ...current.columns(), ...columns, properties });
  };
  const current = page(emit, options.spa);
  if (options.clicks) watchClicks((columns) => emit("click", columns));

  // On leaving, browsers fire pagehide first, then visibilitychange: both, and doing it twice is harmless.
  const hide = () => {
    current.leave();
    out.flush(true);
  };
  addEventListener("pagehide", hide);
  addEventListener("visibilitychange", () => (document.visibilityState === "hidden" ? hide() : current.leave()), true);

  const { prerendering } = document as { prerendering?: boolean };
  if (prerendering) document.addEventListener("prerenderingchange", () => current.view(), { once: true });
  else current.view();

  return {
    track: (name: string, properties?: Properties) => void (name && emit(name, { properties })),
    page: current.view,
    identify: (user_id: string, properties?: Properties) => {
      // What waits was done before the user was known.
      out.flush();
      write("user", user_id);
      emit("identify", { properties });
    },
    conversion: (name: string, { value, currency, ...properties }: Properties = {}) =>
      emit(name, { is_conversion: true, revenue_amount: value, currency, properties }),
    revenue: (revenue_amount: number, currency?: string, properties?: Properties) =>
      emit("revenue", { revenue_amount, currency, properties }),
    form: (name: string, fields: Properties = {}) =>
      // Names only: what people type stays with them.
      emit("form_submit", { properties: { form: name, fields: Object.keys(fields) } }),
    set: (properties: Properties) => void (always = { ...always, ...properties }),
    reset: () => {
      out.flush();
      forget();
    },
    flush: () => out.flush(),
  };
}

function call(name: string, ...values: unknown[]): void {
  if (name === "init") {
    const [key, options] = values as [string?, Partial<Options>?];
    init({ ...settings, ...(key && { key }), ...options });
    return;
  }
  init(settings);
  const method = api?.[name] as ((...values: unknown[]) => void) | undefined;
  if (method) method(...values);
}

const settings = settingsOf(script, location.search);
const names = ["init", "track", "identify", "page", "conversion", "revenue", "form", "set", "reset", "flush"];
const headwater = Object.assign(call, Object.fromEntries(names.map((name) => [name, call.bind(null, name)])));
(window as { headwater?: unknown }).headwater = headwater;

// Calls made while the script was on its way keep their time; the page was seen no later than the first of them.
const waiting = (stub?.q ?? []).map(([at, values]) => ({ at, values: Array.from(values) as Call }));
const isInit = ({ values }: { values: Call }) => Number(values[0] === "init");
calledAt = waiting[0]?.at;
// An init() among them comes first, whatever was called before it.
waiting.sort((a, b) => isInit(b) - isInit(a));
if (settings.key && !waiting.some(isInit)) init(settings);
for (const { at, values } of waiting) {
  if (!isInit({ values })) calledAt = at;
  call(...values);
}
calledAt = undefined;
