// The second part, loaded by the first once that runs: clicks, pointer moves, videos, vitals.
import { watchClicks } from "./clicks.ts";
import type { Core } from "./core.ts";
import { watchMoves } from "./moves.ts";
import { isRecorded } from "./sample.ts";
import { watchVideo } from "./video.ts";
import { watchVitals } from "./vitals.ts";

/** Starts what the options ask for; `replay` loads what records the session, once it may. */
export function startMore(core: Core, replay: () => void): void {
  const { clicks, friction, moves, video, vitals } = core.options;
  if (clicks || friction) watchClicks(core);
  if (moves) watchMoves(core);
  if (video) watchVideo(core);
  if (vitals) watchVitals(core);

  let isLoaded = false;
  const check = () => {
    if (isLoaded || !isRecorded(core)) return;
    isLoaded = true;
    replay();
  };
  // Consent may come, and with a new session another draw.
  if (core.options.recording) core.onEnd.push(check);
  check();
}
