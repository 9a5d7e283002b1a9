// Videos: played, paused, how far, to the end.
import { on, withoutQuery, type Core } from "./core.ts";
import { selectorOf } from "./clicks.ts";

export function watchVideo({ emit }: Core): void {
  const quarters = new WeakMap<HTMLVideoElement, number>();

  on("play pause timeupdate ended", ({ type, target }: { type: string; target: HTMLVideoElement }) => {
    if (target.localName !== "video") return;
    const { currentTime, duration, currentSrc } = target;
    const report = (name: string, percent = Math.round((currentTime / duration) * 100) || 0) =>
      emit("video_" + name, { video: selectorOf(target), url: withoutQuery(currentSrc), percent });
    if (type === "play") report(type);
    // A video that ends pauses first.
    else if (type === "pause") target.ended || report(type);
    else if (type === "ended") report("complete", 100);
    else {
      const quarter = Math.min(3, Math.floor((currentTime / duration) * 4));
      for (let passed = quarters.get(target) || 0; passed < quarter; ) {
        report("progress", ++passed * 25);
        quarters.set(target, passed);
      }
    }
  });
}
