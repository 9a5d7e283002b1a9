// Light, dark, or what the system says. Canvas colours are drawn anew when it changes.

import { signal } from '@preact/signals';
import { chosenTheme, keepTheme, type Theme } from './memory.ts';

const systemDark = matchMedia('(prefers-color-scheme: dark)');

/** Grows with each change of colours. */
export const paletteVersion = signal(0);
export const theme = signal<Theme>(chosenTheme() ?? systemTheme());

systemDark.addEventListener('change', () => {
  if (!chosenTheme()) theme.value = systemTheme();
  paletteVersion.value += 1;
});

/** Turn to the other theme; the system's own choice is not kept but followed. */
export function toggleTheme(): void {
  theme.value = theme.value === 'dark' ? 'light' : 'dark';
  const isSystem = theme.value === systemTheme();
  keepTheme(isSystem ? null : theme.value);
  if (isSystem) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
  paletteVersion.value += 1;
}

function systemTheme(): Theme {
  return systemDark.matches ? 'dark' : 'light';
}
