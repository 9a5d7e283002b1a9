// The part that records, as a script: the first has left its core for it.
import type { Core } from "./core.ts";
import { startReplay } from "./replay.ts";

startReplay((window as unknown as { headwater: { core: Core } }).headwater.core);
