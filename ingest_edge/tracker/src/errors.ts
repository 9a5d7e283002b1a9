// Errors of scripts, rejected promises, resources that did not load. Capped: one loop can raise thousands.
import { on, withoutQuery, type Core } from "./core.ts";
import type { Values } from "./options.ts";

const PER_PAGE = 20;
const PER_SIGNATURE = 3;
const MESSAGE_LENGTH = 300;
const STACK_LENGTH = 1000;

export function watchErrors(core: Core): void {
  const { endpoint } = core.options;
  const counts: Record<string, number> = {};
  let total = 0;

  const report = (name: string, properties: Values, signature: unknown, isOfScript?: boolean) => {
    const text = name + signature;
    counts[text] = (counts[text] || 0) + 1;
    if (counts[text]! > PER_SIGNATURE || ++total > PER_PAGE) return;
    const message = properties["message"];
    core.emit(name, { ...properties, click_target: isOfScript && core.blame?.({ error: name, message }) || undefined });
  };
  const textOf = (error: unknown) => ({
    message: String((error as Error)?.message || error).slice(0, MESSAGE_LENGTH),
    stack: (error as Error)?.stack?.slice(0, STACK_LENGTH),
  });

  on("error", (event: ErrorEvent) => {
    const { target, filename, lineno: line, colno: column } = event;
    const { localName, src, href } = target as HTMLElement & Partial<Record<"src" | "href", string>>;
    if (localName) {
      const url = withoutQuery(String(src || href));
      if (!url.startsWith(endpoint)) report("resource_error", { url, element: localName }, url);
      return;
    }
    const text = textOf(event.error || event.message);
    const source = withoutQuery(filename || "");
    report("js_error", { ...text, source, line, column }, text.message + source + line, true);
  });
  on("unhandledrejection", ({ reason }: PromiseRejectionEvent) => {
    const text = textOf(reason);
    report("unhandled_rejection", text, text.message, true);
  });
}
