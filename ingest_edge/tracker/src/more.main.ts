// The second part as a script: the first has left its core for it.
import type { Core } from "./core.ts";
import { startMore } from "./more.ts";

const { src } = document.currentScript as HTMLScriptElement;

startMore((window as unknown as { headwater: { core: Core } }).headwater.core, () => {
  const part = document.createElement("script");
  part.src = src.replace("part=more", "part=replay");
  document.head.append(part);
});
