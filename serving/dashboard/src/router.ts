// The view as a signal, kept equal to the address. Links are real links; clicks on them do not reload.

import { computed, signal } from '@preact/signals';
import { parseView, searchOf, type View } from './view.ts';

const search = signal(location.search);

export const view = computed<View>(() => parseView(search.value));

/** The address of a changed view, for `href`. */
export function hrefOf(change: Partial<View>): string {
  return `/${searchOf({ ...view.value, ...change })}`;
}

/** Show a changed view; `replace` leaves no step to go back to. */
export function show(change: Partial<View>, replace = false): void {
  go(hrefOf(change), replace);
}

function go(href: string, replace: boolean): void {
  history[replace ? 'replaceState' : 'pushState'](null, '', href);
  search.value = location.search;
}

/** Take over plain clicks on links to other views; new tabs, downloads and other pages stay the browser's. */
export function followLinks(): void {
  addEventListener('popstate', () => {
    search.value = location.search;
  });
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || hasModifier(event)) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link || link.target || link.origin !== location.origin || link.pathname !== '/' || link.hash) return;
    event.preventDefault();
    if (link.search !== location.search) go(link.href, false);
  });
}

const hasModifier = (event: MouseEvent): boolean => event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
