// Page views, engaged time and scrolling, single-page navigation included.
import { on, type Core } from "./core.ts";
import { uuid } from "./ids.ts";
import type { Values } from "./options.ts";

const LEAST_MS = 100;
const MILESTONES = [25, 50, 75, 90, 100];
/** A page grows while it loads: nothing is read into its height before that, unless somebody scrolls. */
const SETTLED_MS = 3_000;

export interface Page {
  /** Counts a page view; the one before it ends first. `isOnce`: not if that path is the one being seen. */
  view(path?: string, properties?: Values, isOnce?: unknown): void;
  /** Reports what passed since the last report; safe to call at every hide. */
  leave(isHiding?: boolean): void;
}

export function watchPage(core: Core, onView: (isFirst: boolean) => void): Page {
  const { emit, options } = core;
  const { documentElement } = document;
  let url = "";
  let seen = "";
  let counted = "";
  let deepest = 0;
  let reported = -1;
  let passed = 0;
  let engaged = 0;
  let since = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let frame = 0;

  /** Adds the time that was spent visible and focused, and starts anew if it still is. */
  const tick = () => {
    const now = performance.now();
    if (since) engaged += now - since;
    since = document.visibilityState === "visible" && document.hasFocus() ? now : 0;
  };

  const measure = () => {
    frame = 0;
    const percent = ((scrollY + innerHeight) / documentElement.scrollHeight) * 100 || 100;
    deepest = Math.max(deepest, Math.min(100, Math.round(percent)));
    const reached = options.scroll ? MILESTONES.filter((percent) => percent > passed && percent <= deepest) : [];
    passed = Math.max(passed, ...reached);
    // What is seen without scrolling is one event, not five.
    for (const scroll_percent of scrollY ? reached : reached.slice(-1)) emit("scroll_depth", {}, { scroll_percent });
  };

  const leave = (isHiding?: boolean) => {
    if (!url) return;
    tick();
    // On pagehide the page still says that it is visible.
    if (isHiding) since = 0;
    measure();
    const engaged_ms = Math.round(engaged);
    // Leaving fires two hide events; the moment between them is not worth an event.
    if (engaged_ms < LEAST_MS && deepest <= reported) return;
    emit("page_leave", {}, { engaged_ms, scroll_percent: deepest });
    engaged = 0;
    reported = deepest;
  };

  /** Returns what makes an address another page. */
  const place = () => location.pathname + location.search + (options.hash ? location.hash : "");

  const view = (path?: string, properties?: Values, isOnce?: unknown) => {
    const { href, pathname } = new URL(path || location.href, location.href);
    // A router's helper and the change of the address it watches are one view.
    if (isOnce && pathname === counted && place() === seen) return;
    counted = pathname;
    for (const end of core.onEnd) end();
    leave();
    onView(!url);
    const referrer = url || document.referrer;
    url = href;
    seen = place();
    core.page = { page_view_id: uuid(), page_url: url, page_title: document.title, referrer };
    deepest = passed = engaged = 0;
    reported = -1;
    tick();
    emit("page_view", properties);
    clearTimeout(timer);
    timer = setTimeout(measure, SETTLED_MS);
  };

  if (options.spa) watchPlace(() => place() !== seen && view());
  on("scroll", () => (frame ||= requestAnimationFrame(measure)));
  on("focus blur visibilitychange", tick);
  on("pageshow", (event: PageTransitionEvent) => event.persisted && view());
  return { view, leave };
}

/** Calls back after each change of the address that loads no page. */
function watchPlace(changed: () => void): void {
  // The title follows a moment later.
  const soon = () => setTimeout(changed);
  const { navigation } = window as { navigation?: EventTarget };
  if (navigation) {
    navigation.addEventListener("currententrychange", soon);
    return;
  }
  for (const name of ["pushState", "replaceState"] as const) {
    const original = history[name];
    history[name] = function (...values: Parameters<History["pushState"]>) {
      original.apply(this, values);
      soon();
    };
  }
  on("popstate", soon);
}
