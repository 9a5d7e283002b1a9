// The second part, loaded by the first once that runs: clicks, pointer moves, videos, vitals.
import { watchClicks } from "./clicks.ts";
import type { Core } from "./core.ts";
import { watchMoves } from "./moves.ts";
import { watchVideo } from "./video.ts";
import { watchVitals } from "./vitals.ts";

/** Starts what the options ask for. */
export function startMore(core: Core): void {
  const { clicks, friction, moves, video, vitals } = core.options;
  if (clicks || friction) watchClicks(core);
  if (moves) watchMoves(core);
  if (video) watchVideo(core);
  if (vitals) watchVitals(core);
}
