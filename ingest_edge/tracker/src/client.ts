// The tracker's calls, and what runs behind them: the same for the script and for the package.
import { makeCore, on, type Core } from "./core.ts";
import { watchErrors } from "./errors.ts";
import { watchForms } from "./forms.ts";
import { forget } from "./ids.ts";
import { watchLinks } from "./links.ts";
import { reasonForSilence, type Consent, type Options, type Values } from "./options.ts";
import { watchPage } from "./page.ts";
import { isCookieless, sender } from "./send.ts";
import { allowStorage, write } from "./storage.ts";

export interface Calls {
  /** Reports an event of the site's own. `isOnce`: at most once per page view. */
  track(name: string, properties?: Values, isOnce?: boolean): void;
  /** Says who the visitor is, from now on. */
  identify(userId: string, traits?: Values): void;
  /** Counts a page view. `isOnce`: not if that path is the one being seen. */
  page(path?: string, properties?: Values, isOnce?: boolean): void;
  conversion(name: string, properties?: Values & { value?: number | string; currency?: string }): void;
  revenue(amount: number | string, currency?: string, properties?: Values): void;
  /** Reports a form that was sent: names of fields only. */
  form(name: string, fields?: Values): void;
  /** Adds properties to every event from now on. */
  set(properties: Values): void;
  /** Sign-out: the next event is of somebody new. */
  reset(): void;
  consent(state: Consent): void;
  /** Sends what waits. */
  flush(): void;
}

type Api = { [name in keyof Calls]?: (...values: never[]) => void };
/** [name, arguments, when it was made in epoch ms] */
export type Call = [name: string, values: unknown[], at?: number];

/**
 * Returns the function that takes all calls; those before init() wait for it and keep their time.
 * `more` starts the second part.
 */
export function makeClient(defaults: () => Options, more: (core: Core) => void): (...call: Call) => void {
  let isStarted = false;
  let calledAt: number | undefined;
  const early: Call[] = [];
  let run: (call: Call) => void = (call) => void early.push(call);

  const init = (key?: string, given?: Partial<Options>) => {
    if (isStarted) return;
    isStarted = true;
    const options = { ...defaults(), ...(key && { key }), ...given };
    const start = () => {
      const silence = reasonForSilence(options, navigator, location.hostname);
      if (silence) console.info("headwater: not sent:", silence);
      const started = silence ? undefined : startTracker(options, more, calledAt);
      run = ([name, values, at]) => started?.(name, values, at);
      early.forEach(run);
    };
    // A page that is only prepared may never be seen.
    if ((document as { prerendering?: boolean }).prerendering) on("prerenderingchange", start);
    else start();
  };

  return (name, values, at) => {
    // The page was seen no later than the first call.
    calledAt ||= at;
    if (name === "init") init(...(values as [string?, Partial<Options>?]));
    else run([name, values, at || Date.now()]);
  };
}

function startTracker(options: Options, more: (core: Core) => void, firstAt?: number): (...call: Call) => void {
  const out = sender(options);
  const permit = () =>
    allowStorage(!isCookieless(options, out.consent) && (out.consent || "granted") === "granted");
  permit();
  const core = makeCore(options, out);
  const { emit } = core;
  const end = (isHiding?: boolean) => {
    for (const hook of core.onEnd) hook(isHiding);
    if (isHiding) page.leave(isHiding);
    out.flush(isHiding);
  };

  if (options.errors) watchErrors(core);
  if (options.links) watchLinks(core);
  if (options.forms) watchForms(core);
  const page = watchPage(core, (isFirst) => {
    // A campaign is that of the page it led to, even where the page has cleaned its address since.
    if (!isFirst) out.flush();
    out.landing = isFirst ? performance.getEntriesByType("navigation")[0]?.name : undefined;
  });
  // On leaving, browsers fire pagehide first, then visibilitychange: both, and doing it twice is harmless.
  on("pagehide visibilitychange", ({ type }: { type: string }) => {
    if (type === "pagehide" || document.visibilityState === "hidden") end(true);
  });
  core.calledAt = firstAt;
  page.view();
  core.calledAt = undefined;
  more(core);

  const once: Values = {};
  const api: Api = {
    track: (name: string, properties?: Values, isOnce?: boolean) => {
      const { page_view_id } = core.page;
      if (!name || (isOnce && once[name] === page_view_id)) return;
      once[name] = page_view_id;
      emit(name, properties);
    },
    page: page.view,
    identify: (userId: string, traits?: Values) => {
      // What waits was done before the user was known.
      end();
      write("user", userId);
      emit("identify", traits);
    },
    conversion: (name: string, { value, currency, ...properties }: Values = {}) =>
      emit(name, properties, { is_conversion: true, revenue_amount: value, currency }),
    revenue: (revenue_amount: number, currency?: string, properties?: Values) =>
      emit("revenue", properties, { revenue_amount, currency }),
    form: (form: string, fields: Values = {}) => emit("form_submit", { form, fields: Object.keys(fields) }),
    set: core.set,
    reset: () => {
      end();
      forget();
    },
    consent: (state: Consent) => {
      // What waits for an answer goes by it, and nothing goes under an old one that is taken back.
      if (out.consent !== "pending" && state !== "denied") end();
      out.consent = state;
      permit();
      if (state === "denied") {
        forget();
        for (const name of ["q", "r", "m"]) write(name, null);
      }
      end();
    },
    flush: () => out.flush(),
  };
  return (name, values, at) => {
    core.calledAt = at;
    (api[name as keyof Calls] as ((...values: unknown[]) => void) | undefined)?.(...values);
    core.calledAt = undefined;
  };
}
