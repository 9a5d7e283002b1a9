// Forms: that one was sent, and which fields were found wrong. Names of fields, never what is in them.
import { on, type Core } from "./core.ts";

type Field = HTMLInputElement;
const GROUP_MS = 50;
const FIELDS_MAX = 50;

const nameOf = (element: Element) => element.getAttribute("name") || element.id;

export function watchForms({ emit, onEnd }: Core): void {
  let wrong: Record<string, string> = {};
  let form: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  on("submit", ({ target }: { target: HTMLFormElement }) => {
    const fields = [...target.elements].filter(({ localName }) => localName !== "button").map(nameOf).filter(Boolean);
    emit("form_submit", { form: nameOf(target), fields: [...new Set(fields)].slice(0, FIELDS_MAX) });
  });
  // Each field that is wrong fires for itself.
  on("invalid", ({ target }: { target: Field }) => {
    form = target.form ? nameOf(target.form) : "";
    for (const fault in target.validity)
      if (fault !== "valid" && target.validity[fault as keyof ValidityState]) wrong[nameOf(target)] ||= fault;
    timer ||= setTimeout(report, GROUP_MS);
  });
  const report = () => {
    clearTimeout(timer);
    if (timer) emit("form_error", { form, fields: wrong });
    timer = undefined;
    wrong = {};
  };
  onEnd.push(report);
}
