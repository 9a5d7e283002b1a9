// Storage that never throws: where it is blocked or not permitted, values last as long as the page.

const kept: Record<string, string | null> = {};
let isAllowed = true;

/** Says whether anything may be stored in the browser: not while consent is open, not in cookieless mode. */
export function allowStorage(value: boolean): void {
  isAllowed = value;
}

export function read(name: string): string | null {
  try {
    const value = isAllowed && localStorage.getItem("hw_" + name);
    if (value) return value;
  } catch {}
  return kept[name] || null;
}

/** Keeps a value; null removes it, from the browser too if nothing may be stored any more. */
export function write(name: string, value: string | null): void {
  kept[name] = value;
  try {
    if (value === null) localStorage.removeItem("hw_" + name);
    else if (isAllowed) {
      localStorage.setItem("hw_" + name, value);
      kept[name] = null;
    }
  } catch {}
}
