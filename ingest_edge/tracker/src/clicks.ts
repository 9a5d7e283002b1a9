// Raw clicks: where, and on what. What a burst of them means is decided behind the edge.

const INTERACTIVE = "a,button,input,select,textarea,label,summary,[role]";
const MAX_LENGTH = 200;

/** Calls back for every click with the columns of it. */
export function watchClicks(emit: (columns: Record<string, unknown>) => void): void {
  addEventListener(
    "click",
    (event) => {
      const element = event.target as Element | null;
      if (!element?.closest) return;
      emit({
        click_target: selectorOf(element.closest(INTERACTIVE) ?? element),
        click_x_px: Math.round(event.clientX),
        click_y_px: Math.round(event.clientY),
      });
    },
    true,
  );
}

/** Returns a short selector: up to the nearest id, by tag and place among its like. Never text or values. */
export function selectorOf(element: Element): string {
  const parts: string[] = [];
  for (let at: Element | null = element; at && parts.length < 5; at = at.parentElement) {
    const tag = at.localName;
    if (at.id) {
      parts.unshift(tag + "#" + at.id);
      break;
    }
    let place = 1;
    for (let before = at.previousElementSibling; before; before = before.previousElementSibling)
      if (before.localName === tag) place++;
    parts.unshift(place > 1 ? `${tag}:nth-of-type(${place})` : tag);
  }
  return parts.join(">").slice(0, MAX_LENGTH);
}
