// Which site, which time, compared with what, and who is there now.

import { Mark, Moon, Sun } from './icons.tsx';
import { COMPARISONS, dimensionLabel, operatorLabel, periodLabel, valueLabel } from './labels.ts';
import { obstacle, realtime, site, sites, timeZone } from './model.ts';
import { closeAround, Popover } from './popover.tsx';
import { hrefOf, show, view } from './router.ts';
import { theme, toggleTheme } from './theme.ts';
import { withoutFilter, type Compare, type Period } from './view.ts';

const NOW_MINUTES = 5;
const OFFERED: readonly Period[] = ['day', '24h', '7d', '28d', '91d', 'month', '12mo', 'year', 'all'];

export function Header() {
  const isOpen = obstacle.value?.status !== 401 && sites.value?.length !== 0;
  return (
    <header class="bar">
      <div class="bar-inner">
        <a class="brand" href={hrefOf({ filters: [], period: '28d' })} aria-label="Headwater, overview">
          <Mark />
          <span class="brand-name">Headwater</span>
        </a>
        {isOpen && <SiteSwitch />}
        {isOpen && <Now />}
        <span class="spring" />
        {isOpen && <PeriodPicker />}
        {isOpen && <CompareSwitch />}
        <button type="button" class="control plain icon" aria-label={theme.value === 'dark' ? 'Light colours' : 'Dark colours'} onClick={toggleTheme}>
          {theme.value === 'dark' ? <Sun /> : <Moon />}
        </button>
      </div>
    </header>
  );
}

function SiteSwitch() {
  return (
    <select class="control" aria-label="Site" value={site.value ?? ''} onChange={(event) => show({ site: event.currentTarget.value, filters: [] })}>
      {sites.value?.map((one) => (
        <option key={one.site} value={one.site}>{one.name || one.site}</option>
      )) ?? <option>{site.value ?? '…'}</option>}
    </select>
  );
}

function Now() {
  const visitors = realtime.value?.windows.find((window) => window.minutes === NOW_MINUTES)?.visitors;
  const isOff = visitors === undefined || (realtime.value?.stale_seconds ?? 0) > 60;
  return (
    <span class="now" data-off={isOff || undefined} title={`Visitors of the last ${NOW_MINUTES} minutes`}>
      <i class="now-dot" />
      <span>
        <b data-now>{visitors ?? '–'}</b> {visitors === 1 ? 'visitor' : 'visitors'} now
      </span>
    </span>
  );
}

function PeriodPicker() {
  const { period } = view.value;
  return (
    <Popover label={periodLabel(period)} buttonClass="control opens" popClass="menu">
      <nav aria-label="Period" onClick={(event) => closeAround(event.currentTarget)}>
        {OFFERED.map((one) => (
          <a key={String(one)} href={hrefOf({ period: one, interval: null })} aria-current={one === period ? 'true' : undefined}>
            {periodLabel(one)}
          </a>
        ))}
      </nav>
      <OwnDates />
    </Popover>
  );
}

function OwnDates() {
  const { period } = view.value;
  const today = new Date().toLocaleDateString('sv-SE', { timeZone: timeZone.value });
  const [from, to] = typeof period === 'string' ? ['', ''] : period;
  const onSubmit = (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const dates = new FormData(event.currentTarget);
    const asked = [String(dates.get('from')), String(dates.get('to'))].sort() as [string, string];
    show({ period: asked, interval: null });
    closeAround(event.currentTarget);
  };
  return (
    <form onSubmit={onSubmit}>
      <label>From <input type="date" name="from" required max={today} defaultValue={from} /></label>
      <label>To <input type="date" name="to" required max={today} defaultValue={to} /></label>
      <button class="control">Show these days</button>
    </form>
  );
}

function CompareSwitch() {
  return (
    <select class="control" aria-label="Compare with" value={view.value.compare} onChange={(event) => show({ compare: event.currentTarget.value as Compare })}>
      {Object.entries(COMPARISONS).map(([compare, label]) => (
        <option key={compare} value={compare}>{compare === 'none' ? label : `vs. ${label.toLowerCase()}`}</option>
      ))}
    </select>
  );
}

export function Chips() {
  const { filters } = view.value;
  if (filters.length === 0) return null;
  return (
    <ul class="chips" aria-label="Filters">
      {filters.map((filter) => {
        const values = filter.values.map((value) => valueLabel(filter.dimension, value)).join(' or ');
        const words = `${dimensionLabel(filter.dimension)} ${operatorLabel(filter.op)} ${values}`;
        return (
          <li class="chip" key={words}>
            <span>{dimensionLabel(filter.dimension)} {operatorLabel(filter.op)}</span>
            <b title={values}>{values}</b>
            <a href={hrefOf(withoutFilter(view.value, filter))} aria-label={`Remove filter: ${words}`}>✕</a>
          </li>
        );
      })}
      {filters.length > 1 && <li><a href={hrefOf({ filters: [] })}>Remove all</a></li>}
    </ul>
  );
}
