// The second part as a script: the first has left its core for it.
import type { Core } from "./core.ts";
import { startMore } from "./more.ts";

startMore((window as unknown as { headwater: { core: Core } }).headwater.core);
