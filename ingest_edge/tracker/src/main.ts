// The script: window.headwater, started by its attributes or by init().
import { makeClient, type Call } from "./client.ts";
import { on } from "./core.ts";
import { optionsOf } from "./options.ts";

const NAMES = "init track identify page conversion revenue form set reset consent flush".split(" ");

interface Stub {
  q?: [at: number, values: Iterable<unknown>][];
}

// Only here, at the top of a classic script, does the browser say which script this is.
const script = document.currentScript as HTMLScriptElement | null;
const options = optionsOf(script, location.search);
const waiting: Call[] = ((window as { headwater?: Stub }).headwater?.q || []).map(
  ([at, [name, ...values]]) => [name as string, values, at],
);

const client = makeClient(() => options, (core) => {
  const { clicks, friction, moves, video, vitals, recording } = core.options;
  if (!script || !(clicks || friction || moves || video || vitals || recording)) return;
  headwater.core = core;
  // Until it is there; it clears the list. Where it never comes, the list is no longer than this.
  core.early = [];
  on("click", (click: MouseEvent) => core.early?.[49] || core.early?.push([click, core.make("click")]));
  const part = document.createElement("script");
  part.src = script.src + "&part=more";
  document.head.append(part);
});
const headwater = ((name: string, ...values: unknown[]) => client(name, values)) as ((
  ...call: unknown[]
) => void) &
  Record<string, unknown>;
for (const name of NAMES) headwater[name] = headwater.bind(null, name);
(window as { headwater?: unknown }).headwater = headwater;

for (const call of waiting) client(...call);
// An init() that came before this one counts.
if (options.key) client("init", []);
