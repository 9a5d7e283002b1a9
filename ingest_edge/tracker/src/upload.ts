// Chunks of a recording to the edge: one after the other, packed where the browser can, again after a failure.
import type { Options } from "./options.ts";
import { pauseOf } from "./retry.ts";

declare const RECORDINGS: Record<"waiting_max_bytes", number>;

/** Requests that outlive the page share 64 KiB with those of events, which go first. */
const KEEPALIVE_BYTES = 30_000;
const LEAVING_BYTES = 60_000;
const TRIES = 5;

export interface Uploads {
  /** Takes a chunk: JSON without its opening brace, to which the time of sending is added. `isLeaving`: leave() follows. */
  add(text: string, isLeaving?: boolean): void;
  /** Sends what waits by ways that outlive the page; packing takes longer than a page has that is going. */
  leave(): void;
  /** Forgets what waits and hangs up. */
  cancel(): void;
}

export function uploads({ endpoint, key, debug }: Options, refused: () => void): Uploads {
  const url = `${endpoint}/replay?k=${encodeURIComponent(key)}`;
  const hangUp = new AbortController();
  const waiting: string[] = [];
  let isSending = false;

  /** Sends a chunk once; 0 if it is done with, else the pause that the edge asks for, or 1. */
  const post = async (text: string, isLeaving?: boolean): Promise<number> => {
    const body = new Blob([`{"sent_at":${Date.now()},${text}`], { type: "text/plain" });
    try {
      // Without a type there is no preflight; the edge knows gzip by its first bytes.
      const sent = isLeaving || !("CompressionStream" in window) ? body : new Blob([await packed(body)]);
      const keepalive = isLeaving || sent.size < KEEPALIVE_BYTES;
      const answer = await fetch(url, { method: "POST", body: sent, credentials: "omit", keepalive, signal: hangUp.signal });
      const { status, headers } = answer;
      const reason = headers.get("x-dropped");
      if (debug || reason || (status > 399 && status < 500)) console.info("headwater: recording", status, reason || "");
      if (status === 408 || status === 429 || status > 499) return Number(headers.get("retry-after")) * 1000 || 1;
      // Switched off, or of no use: the same for every later one.
      if (reason || status > 399) refused();
      return 0;
    } catch {
      return 1;
    }
  };

  const done = (text: string) => {
    const at = waiting.indexOf(text);
    if (at >= 0) waiting.splice(at, 1);
  };

  const send = async () => {
    if (isSending) return;
    isSending = true;
    for (let tries = 0; waiting.length && !hangUp.signal.aborted; ) {
      const text = waiting[0]!;
      const pause = await post(text);
      if (!pause || ++tries >= TRIES) {
        done(text);
        tries = 0;
      } else await new Promise((go) => setTimeout(go, Math.max(pause, pauseOf(tries, Math.random()))));
    }
    isSending = false;
  };

  return {
    add(text, isLeaving) {
      waiting.push(text);
      if (waiting.join("").length > RECORDINGS.waiting_max_bytes) refused();
      else if (!isLeaving) void send();
    },
    leave() {
      let left = LEAVING_BYTES;
      for (const text of [...waiting]) {
        const { size } = new Blob([text]);
        if ((left -= size) < 0) {
          // Should the page stay, there is time.
          void send();
          break;
        }
        // One that arrives twice is one: it replaces itself.
        void post(text, true).then((pause) => {
          if (pause) setTimeout(send, Math.max(pause, pauseOf(1, Math.random())));
          else done(text);
        });
      }
    },
    cancel() {
      waiting.length = 0;
      hangUp.abort();
    },
  };
}

function packed(body: Blob): Promise<ArrayBuffer> {
  return new Response(body.stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
}
