// The two things kept outside the address: the theme and the last site. Storage may be forbidden.

export type Theme = 'light' | 'dark';

export function chosenTheme(): Theme | null {
  const theme = recall('headwater.theme');
  return theme === 'light' || theme === 'dark' ? theme : null;
}

export const lastSite = (): string | null => recall('headwater.site');
export const keepTheme = (theme: Theme | null): void => keep('headwater.theme', theme);
export const keepSite = (site: string | null): void => keep('headwater.site', site);

function recall(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function keep(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // A private window forgets; the page works all the same.
  }
}
