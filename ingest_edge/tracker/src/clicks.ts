// Clicks: where, on what, what answered them, and how long that took. Rage, dead and error clicks are hints; the stream
// judges again from the raw clicks.
import { on, type Core } from "./core.ts";
import { uuid } from "./ids.ts";
import type { Event, Values } from "./options.ts";

/** schemas/rules/friction.toml, by the build. */
declare const FRICTION: {
  readonly rage_clicks: number;
  readonly rage_window_ms: number;
  readonly rage_radius_px: number;
  readonly dead_ms: number;
  readonly error_ms: number;
};

const INTERACTIVE = "a,button,input,label,summary,[role],select,textarea";
/** Elements in which clicks mean something of their own. */
const TYPED = "textarea,select,video,audio,canvas,input:not([type=button],[type=submit],[type=reset],[type=checkbox],[type=radio],[type=image])";
/** Texts of steppers and pagers: these are meant to be clicked again and again. */
const STEPPER = /^(next|prev(ious)?|\W{1,2})$/i;
/** What shows that the page answered, beside changes of the document and requests. */
const LIFE = "scroll selectionchange input change focusin toggle hashchange popstate submit play blur visibilitychange beforeunload";
const SELECTOR_LENGTH = 200;

interface Burst {
  id: string;
  target: Element;
  clicks: MouseEvent[];
  sent: Record<string, boolean>;
}

interface Click {
  event: Event;
  burst: Burst;
  at: number;
  canBeDead: boolean;
  timer: ReturnType<typeof setTimeout>;
}

export function watchClicks(core: Core): void {
  const { emit, make, add, options } = core;
  const { clicks: hasClicks, friction, endpoint } = options;
  const waiting = new Set<Click>();
  let burst: Burst | undefined;
  let last: Event | undefined;
  let lastAt = -Infinity;
  let pressedAt = 0;
  let changedAt = 0;

  /** Sends a burst's hint, one of a kind. */
  const hint = (name: string, { id, sent }: Burst, { click_target, click_x_px, click_y_px }: Values, properties: Values) => {
    if (!friction || sent[name]) return;
    sent[name] = true;
    emit(name, { burst_id: id, ...properties }, { click_target, click_x_px, click_y_px });
  };

  /** Ends the watch over a click. `kind` is what answered it. */
  const settle = (click: Click, kind?: string) => {
    const { event, burst, at, canBeDead, timer } = click;
    if (!waiting.delete(click)) return;
    clearTimeout(timer);
    const watched_ms = Math.round(Math.min(performance.now() - at, FRICTION.dead_ms));
    Object.assign(event.properties!, { response_ms: kind ? watched_ms : null, response_kind: kind || null, watched_ms });
    if (hasClicks) add(event);
    if (!kind && canBeDead && watched_ms >= FRICTION.dead_ms) hint("dead_click", burst, event, { dead_ms: FRICTION.dead_ms });
    if (!waiting.size) observer.disconnect();
  };
  const respond = (kind: string) => waiting.forEach((click) => settle(click, kind));

  const observer = new MutationObserver(() => {
    changedAt = performance.now();
    respond("mutation");
  });
  const watch = () =>
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  // A menu may open when the button goes down, before there is a click.
  on("pointerdown", () => {
    pressedAt = performance.now();
    watch();
  });
  on(LIFE, ({ type }: { type: string }) => {
    // Pressing the button anywhere moves the caret, and browsers tell of it after the click.
    if (type !== "selectionchange" || isSelecting()) respond(type);
  });
  (window as { navigation?: EventTarget }).navigation?.addEventListener("currententrychange", () => respond("navigation"));
  try {
    new PerformanceObserver((list) => {
      // Our own requests answer nobody.
      if (list.getEntries().some(({ name, startTime }) => !name.startsWith(endpoint) && startTime >= lastAt))
        respond("request");
    }).observe({ type: "resource" });
  } catch {}
  const { open } = window;
  window.open = (...values) => {
    respond("open");
    return open.apply(window, values);
  };

  /** `event` is that of a click nobody could watch, because this part was not there yet. */
  const take = (click: MouseEvent, event?: Event) => {
    // Later its path is gone, and what lies within a shadow with it.
    const target = (click.composedPath()[0] || click.target) as Element;
    // Clicks made by scripts, and the second one that a label passes on to its field, are nobody's.
    if (!click.isTrusted || !target.closest || (!click.detail && target.closest("label,input"))) return;
    const element = interactiveOf(target);
    const now = event ? click.timeStamp : performance.now();
    const before = burst?.clicks[burst.clicks.length - 1];
    if (!before || burst!.target !== element || click.timeStamp - before.timeStamp > FRICTION.rage_window_ms)
      burst = { id: uuid(), target: element, clicks: [], sent: {} };
    const current = burst!;
    current.clicks.push(click);
    const { scrollWidth, scrollHeight } = document.documentElement;
    const isTyped = target.matches(TYPED) || (target as HTMLElement).isContentEditable;
    const isInteractive = element.matches(INTERACTIVE) || isPointer(element);
    // What the stream, which sees no page, must leave alone when it judges raw clicks. The text of a whole page is no stepper's.
    const rage_exempt =
      isTyped ||
      isSelecting() ||
      ((isInteractive || !element.childElementCount) &&
        STEPPER.test((element.getAttribute("aria-label") || element.textContent || "").trim())) ||
      !!element.closest("[data-hw-norage]");
    const dead_exempt =
      isTyped ||
      click.ctrlKey || click.metaKey || click.shiftKey || click.altKey ||
      !!element.closest("a[href],[data-hw-nodead]");
    last = event || make("click");
    Object.assign(last, {
      click_target: selectorOf(element),
      click_x_px: Math.round(click.clientX),
      click_y_px: Math.round(click.clientY),
    });
    Object.assign(last.properties!, {
      burst_id: current.id,
      x_permille: Math.round((click.pageX / scrollWidth) * 1000),
      y_px: Math.round(click.pageY),
      document_height_px: scrollHeight,
      rage_exempt,
      dead_exempt,
    });
    lastAt = now;
    if (isInteractive && !event) {
      const watched: Click = {
        event: last,
        burst: current,
        at: now,
        canBeDead: !dead_exempt,
        timer: setTimeout(() => settle(watched), FRICTION.dead_ms),
      };
      waiting.add(watched);
      watch();
      if (changedAt >= pressedAt && pressedAt && now - changedAt < FRICTION.rage_window_ms) settle(watched, "mutation");
    } else if (hasClicks) add(last);

    const first = current.clicks[current.clicks.length - FRICTION.rage_clicks];
    if (
      first &&
      click.timeStamp - first.timeStamp <= FRICTION.rage_window_ms &&
      current.clicks
        .slice(-FRICTION.rage_clicks)
        .every(({ pageX, pageY }) => Math.hypot(pageX - first.pageX, pageY - first.pageY) <= FRICTION.rage_radius_px) &&
      !rage_exempt
    ) {
      const isNew = !current.sent["rage_click"];
      hint("rage_click", current, last, {
        click_count: FRICTION.rage_clicks,
        rage_window_ms: FRICTION.rage_window_ms,
        rage_radius_px: FRICTION.rage_radius_px,
      });
      if (isNew) core.flush();
    }
  };
  core.early?.forEach((click) => take(...click));
  core.early = undefined;
  on("click", take);
  core.onEnd.push(() => waiting.forEach((click) => settle(click)));

  core.blame = (error) => {
    if (performance.now() - lastAt > FRICTION.error_ms) return;
    hint("error_click", burst!, last!, { ...error, error_ms: FRICTION.error_ms });
    return last!["click_target"];
  };
}

const isSelecting = () => getSelection()?.type === "Range";
const isPointer = (element: Element) => getComputedStyle(element).cursor === "pointer";

/** Returns what a click on the element is meant for: the nearest thing that looks as if it could be clicked, or itself. */
function interactiveOf(element: Element): Element {
  const nearest = element.closest(INTERACTIVE);
  if (nearest) return nearest;
  // The cursor is inherited: the outermost element that shows it is the one that was made so.
  for (let at = element; isPointer(at) && at.parentElement; at = at.parentElement)
    if (!isPointer(at.parentElement)) return at;
  return element;
}

/** Returns a short selector: up to the nearest id, by tag and place among its like. Never text or values. */
export function selectorOf(element: Element): string {
  const parts: string[] = [];
  for (let at: Element | null = element; at && parts.length < 5; at = at.parentElement) {
    const tag = at.localName;
    if (at.id) {
      parts.unshift(tag + "#" + at.id);
      break;
    }
    let place = 1;
    for (let before = at.previousElementSibling; before; before = before.previousElementSibling)
      if (before.localName === tag) place++;
    parts.unshift(place > 1 ? `${tag}:nth-of-type(${place})` : tag);
  }
  return parts.join(">").slice(0, SELECTOR_LENGTH);
}
