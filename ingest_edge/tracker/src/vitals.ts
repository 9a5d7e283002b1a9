// How fast the page was for this visitor: one event per load, when it is first hidden.
import { on, type Core } from "./core.ts";
import type { Values } from "./options.ts";

/** Values above this are of a machine that slept. */
const PLAUSIBLE_MS = 15 * 60_000;
const SHIFT_GAP_MS = 1_000;
const SHIFT_WINDOW_MS = 5_000;
/** One interaction in so many may be slower than what is reported (98th percentile). */
const INTERACTIONS_PER_OUTLIER = 50;

interface Entry extends PerformanceEntry {
  value: number;
  hadRecentInput: boolean;
  interactionId: number;
}

export function watchVitals(core: Core): void {
  let values: Values = {};
  let page: Values | undefined = core.page;
  let shift = 0;
  let shiftFirst = 0;
  let shiftLast = -Infinity;
  let cls = 0;
  let interactions: Record<number, number> = {};
  let isHidden = document.visibilityState !== "visible";
  let isSent = false;

  const observe = (type: string, each: (entry: Entry) => void) => {
    try {
      const options = { type, buffered: true, durationThreshold: 40 };
      new PerformanceObserver((list) => (list.getEntries() as Entry[]).forEach(each)).observe(options);
    } catch {}
  };
  let navigation = performance.getEntriesByType?.("navigation")[0] as
    | (PerformanceNavigationTiming & { activationStart?: number })
    | undefined;
  const start = navigation?.activationStart || 0;
  const put = (name: string, at: number) => {
    const value = Math.round(Math.max(0, at - start));
    if (at > 0 && value < PLAUSIBLE_MS && !isHidden) values[name] = value;
  };

  observe("paint", ({ name, startTime }) => name === "first-contentful-paint" && put("fcp_ms", startTime));
  observe("largest-contentful-paint", ({ startTime }) => put("lcp_ms", startTime));
  observe("layout-shift", ({ value, startTime, hadRecentInput }) => {
    if (hadRecentInput) return;
    if (startTime - shiftLast > SHIFT_GAP_MS || startTime - shiftFirst > SHIFT_WINDOW_MS) {
      shift = 0;
      shiftFirst = startTime;
    }
    shiftLast = startTime;
    cls = Math.max(cls, (shift += value));
  });
  observe("event", ({ interactionId, duration }) => {
    if (interactionId) interactions[interactionId] = Math.max(interactions[interactionId] || 0, duration);
  });

  on("pageshow", ({ persisted }: PageTransitionEvent) => {
    if (!persisted) return;
    // Seen again without a load: only what happens from now on counts.
    values = {};
    interactions = {};
    cls = shift = 0;
    page = navigation = undefined;
    isSent = false;
  });
  core.onEnd.push((isHiding) => {
    if (isSent || !isHiding) return;
    isSent = true;
    if (navigation) {
      put("ttfb_ms", navigation.responseStart);
      put("tti_ms", navigation.domInteractive);
      put("dom_content_loaded_ms", navigation.domContentLoadedEventEnd);
      put("load_ms", navigation.loadEventEnd);
    }
    const slowest = Object.values(interactions).sort((a, b) => b - a);
    const inp = slowest[Math.min(slowest.length - 1, Math.floor(slowest.length / INTERACTIONS_PER_OUTLIER))];
    if (inp) values["inp_ms"] = Math.round(inp);
    values["cls"] = Math.round(cls * 1e4) / 1e4;
    core.emit("web_vitals", values, page);
  });
}
