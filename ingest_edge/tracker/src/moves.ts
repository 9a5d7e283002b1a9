// For heatmaps: where the pointer went, sampled, and how far the page was scrolled; many points in one event.
import { on, type Core } from "./core.ts";

/** schemas/rules/heatmap.toml, by the build. */
declare const HEATMAP: { readonly sample_ms: number; readonly batch_points: number; readonly batch_ms: number };

export function watchMoves(core: Core): void {
  const { documentElement } = document;
  let points: number[][] = [];
  let started = 0;
  let sampled = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let page: unknown;
  let deepest = 0;
  let told = 0;

  const report = () => {
    clearTimeout(timer);
    timer = undefined;
    if (points.length || deepest > told)
      core.emit(
        "pointer_moves",
        { points, document_height_px: documentElement.scrollHeight, scroll_from_percent: told },
        deepest > told ? { scroll_percent: deepest } : {},
      );
    points = [];
    told = deepest;
  };
  const measure = () => {
    // A page view tells of each depth once.
    if (page !== (page = core.page["page_view_id"])) deepest = told = 0;
    deepest = Math.max(deepest, Math.min(100, Math.round(((scrollY + innerHeight) / documentElement.scrollHeight) * 100)));
    timer ||= setTimeout(report, HEATMAP.batch_ms);
  };
  on("scroll", measure);
  on("pointermove", ({ timeStamp, pageX, pageY }: PointerEvent) => {
    if (timeStamp - sampled < HEATMAP.sample_ms) return;
    sampled = timeStamp;
    if (!points.length) started = timeStamp;
    points.push([Math.round(timeStamp - started), Math.round((pageX / documentElement.scrollWidth) * 1000), Math.round(pageY)]);
    measure();
    if (points.length >= HEATMAP.batch_points) report();
  });
  core.onEnd.push((isHiding) => {
    if (isHiding) measure();
    report();
  });
}
