// Records what happens on the page, for those who agreed, and sends it in chunks to the edge.
import { record } from "@rrweb/record";
import { on, withoutQuery, type Core } from "./core.ts";
import { uuid } from "./ids.ts";
import { letThrough, maskEvent, maskField, maskText } from "./mask.ts";
import { isRecorded } from "./sample.ts";
import { uploads } from "./upload.ts";

declare const RECORDINGS: Record<
  "max_seconds" | "chunk_events" | "chunk_bytes" | "chunk_seconds" | "mouse_ms" | "scroll_ms",
  number
>;

interface Running {
  session: unknown;
  /** Ends it: what was recorded is still sent, unless the visitor has taken the consent back. */
  stop(isWithdrawn: boolean): void;
}

/** Records while it may: from now on, or from when consent is given, until it is taken back or the session ends. */
export function startReplay(core: Core): void {
  let running: Running | undefined;
  const check = () => {
    const session = isRecorded(core) && core.out.common()["client_session_id"];
    if (running && running.session !== session) {
      running.stop(core.out.consent !== "granted");
      running = undefined;
    }
    if (session && !running) running = begin(core, session);
  };
  core.onEnd.push(check);
  check();
}

function begin(core: Core, session: unknown): Running {
  const recording_id = uuid();
  const recording_started_at = Date.now();
  let sequence = 0;
  let events: string[] = [];
  let size = 0;
  let first = 0;
  let last = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  let isOver = false;
  let end: ReturnType<typeof setTimeout> | undefined;
  let stopRecord: (() => void) | undefined;
  const { visitor_id } = core.out.common();

  const stop = (isWithdrawn: boolean) => {
    if (isWithdrawn) {
      events = [];
      out.cancel();
    } else cut();
    isOver = true;
    clearTimeout(timer);
    clearTimeout(end);
    stopRecord?.();
  };
  // The edge has said that it wants no more of this.
  const out = uploads(core.options, () => stop(true));

  /** Makes a chunk of what waits. */
  const cut = (isLeaving?: boolean) => {
    clearTimeout(timer);
    timer = undefined;
    const { visitor_id: now, consent, library_version, is_webdriver } = core.out.common();
    // Somebody has signed out: what waits is of nobody we know.
    if (now !== visitor_id && !isOver) stop(true);
    if (!events.length) return;
    const { page_url, page_view_id } = core.page;
    const about = {
      recording_id,
      sequence: sequence++,
      visitor_id,
      client_session_id: session,
      recording_started_at,
      started_at: first,
      ended_at: last,
      consent,
      is_masked: !letThrough.count,
      page_url: withoutQuery(page_url as string),
      page_view_id,
      library_version,
      is_webdriver,
    };
    out.add(JSON.stringify(about).slice(1, -1) + ',"events":[' + events.join() + "]}", isLeaving);
    events = [];
    size = letThrough.count = 0;
  };

  stopRecord = record({
    emit(event) {
      if (isOver) return;
      maskEvent(event, (id) => record.mirror.getNode(id) as Element | null);
      const text = JSON.stringify(event);
      last = Math.max(recording_started_at, event.timestamp);
      if (!events.length) first = last;
      size += text.length;
      events.push(text);
      if (events.length >= RECORDINGS.chunk_events || size >= RECORDINGS.chunk_bytes) cut();
      // The snapshot is too large to be sent by a page that is going: at once, while it can be packed.
      else if (event.type === 2 || !timer) {
        clearTimeout(timer);
        timer = setTimeout(cut, event.type === 2 ? 0 : RECORDINGS.chunk_seconds * 1000);
      }
    },
    maskTextSelector: "*",
    maskTextFn: maskText,
    // Every field, hidden ones too: `maskAllInputs` names types and forgets some.
    maskInputOptions: { input: true, textarea: true, select: true } as object,
    maskInputFn: maskField,
    blockSelector: "[data-hw-block]",
    slimDOMOptions: "all",
    sampling: { mousemove: RECORDINGS.mouse_ms, scroll: RECORDINGS.scroll_ms, input: "last" },
    checkoutEveryNms: core.options.recording!.snapshot_seconds ? core.options.recording!.snapshot_seconds * 1000 : undefined,
    // A fault of the recorder is none of the page's.
    errorHandler: () => true,
  });
  // What it has emitted by now may have ended it.
  if (isOver) stopRecord?.();
  end = setTimeout(stop, RECORDINGS.max_seconds * 1000, false);

  // After the tracker's own listener, so that events go first.
  on("pagehide visibilitychange", ({ type }: { type: string }) => {
    if (type === "visibilitychange" && document.visibilityState !== "hidden") return;
    cut(true);
    out.leave();
  });
  return { session, stop };
}
