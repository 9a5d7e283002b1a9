// Where the pointer went, for heatmaps: sampled, many points in one event.
import { on, type Core } from "./core.ts";

const SAMPLE_MS = 100;
const POINTS = 50;
const BATCH_MS = 10_000;

export function watchMoves({ emit, onEnd }: Core): void {
  let points: number[][] = [];
  let started = 0;
  let sampled = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const report = () => {
    clearTimeout(timer);
    timer = undefined;
    const { scrollHeight } = document.documentElement;
    if (points.length) emit("pointer_moves", { points, document_height_px: scrollHeight });
    points = [];
  };
  on("pointermove", ({ timeStamp, pageX, pageY }: PointerEvent) => {
    if (timeStamp - sampled < SAMPLE_MS) return;
    sampled = timeStamp;
    if (!points.length) started = timeStamp;
    const { scrollWidth } = document.documentElement;
    points.push([Math.round(timeStamp - started), Math.round((pageX / scrollWidth) * 1000), Math.round(pageY)]);
    if (points.length >= POINTS) report();
    else timer ||= setTimeout(report, BATCH_MS);
  });
  onEnd.push(report);
}
