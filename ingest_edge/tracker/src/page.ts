// Page views, engaged time and scrolling, single-page navigation included.
import { uuid } from "./ids.ts";

const LEAST_MS = 100;

type Emit = (name: string, columns?: Record<string, unknown>) => void;

export interface Page {
  /** Columns of the page view that events now belong to. */
  columns(): Record<string, unknown>;
  /** Counts a page view; the one before it ends first. */
  view(path?: string, properties?: Record<string, unknown>): void;
  /** Reports what passed since the last report; safe to call at every hide. */
  leave(): void;
}

export function page(emit: Emit, isSinglePage: boolean): Page {
  let id = "";
  let url = "";
  let referrer = "";
  let deepest = 0;
  let reported = 0;
  let engaged = 0;
  let since = 0;

  /** Adds the time that was spent visible and focused, and starts anew if it still is. */
  const tick = () => {
    const now = performance.now();
    if (since) engaged += now - since;
    since = document.visibilityState === "visible" && document.hasFocus() ? now : 0;
  };

  const scrolled = () => {
    const { scrollHeight } = document.documentElement;
    const percent = scrollHeight > innerHeight ? ((scrollY + innerHeight) / scrollHeight) * 100 : 100;
    deepest = Math.max(deepest, Math.min(100, Math.round(percent)));
  };

  const leave = () => {
    if (!id) return;
    tick();
    scrolled();
    const engaged_ms = Math.round(engaged);
    // Leaving fires two hide events; the moment between them is not worth an event.
    if (engaged_ms < LEAST_MS && deepest <= reported) return;
    emit("page_leave", { engaged_ms, scroll_percent: deepest });
    engaged = 0;
    reported = deepest;
  };

  const view = (path?: string, properties?: Record<string, unknown>) => {
    leave();
    referrer = id ? url : document.referrer;
    url = path ? new URL(path, location.href).href : location.href;
    id = uuid();
    deepest = reported = engaged = 0;
    tick();
    emit("page_view", { properties });
  };

  const changed = () => {
    const [before, now] = [new URL(url), location];
    if (before.pathname + before.search !== now.pathname + now.search) view();
  };

  if (isSinglePage) watch(changed);
  addEventListener("scroll", scrolled, { capture: true, passive: true });
  for (const name of ["focus", "blur"]) addEventListener(name, tick);
  addEventListener("pageshow", (event) => event.persisted && view());
  return {
    columns: () => ({ page_view_id: id, page_url: url, page_title: document.title, referrer }),
    view,
    leave,
  };
}

/** Calls back after each change of the address that loads no page. */
function watch(changed: () => void): void {
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
  addEventListener("popstate", soon);
}
