// The questions one view asks: one for tiles and chart together, one for each panel.

import { filtersOf, type Query } from './api.ts';
import type { Interval, Period, View } from './view.ts';

export const TILES = [
  'visitors',
  'sessions',
  'page_views',
  'bounce_rate',
  'session_duration',
  'views_per_session',
  'conversions',
  'revenue',
] as const;

export interface Tab {
  readonly dimension: string;
  readonly label: string;
  /** The first orders the rows (the API's default) and draws their bars. */
  readonly metrics: readonly string[];
  readonly empty: string;
}

export interface PanelPlan {
  readonly title: string;
  readonly tabs: readonly [Tab, ...Tab[]];
}

const sources = ['visitors', 'bounce_rate', 'conversions'];
const places = ['visitors', 'sessions', 'conversions'];

export const PANELS: readonly PanelPlan[] = [
  {
    title: 'Pages',
    tabs: [
      { dimension: 'page', label: 'Top', metrics: ['visitors', 'page_views'], empty: 'No page was viewed.' },
      { dimension: 'entry_page', label: 'Entry', metrics: ['sessions', 'bounce_rate', 'session_duration'], empty: 'No session began.' },
      { dimension: 'exit_page', label: 'Exit', metrics: ['sessions', 'views_per_session'], empty: 'No session ended.' },
    ],
  },
  {
    title: 'Sources',
    tabs: [
      { dimension: 'channel', label: 'Channels', metrics: sources, empty: 'Nobody came.' },
      { dimension: 'source', label: 'Sources', metrics: sources, empty: 'Nobody came.' },
      { dimension: 'campaign', label: 'Campaigns', metrics: sources, empty: 'No visit carried a campaign. Add utm_campaign=… to the links you share.' },
    ],
  },
  {
    title: 'Audience',
    tabs: [
      { dimension: 'country', label: 'Countries', metrics: places, empty: 'No visitor’s country is known.' },
      { dimension: 'device', label: 'Devices', metrics: places, empty: 'No visitor’s device is known.' },
      { dimension: 'browser', label: 'Browsers', metrics: places, empty: 'No visitor’s browser is known.' },
    ],
  },
  {
    title: 'Events',
    tabs: [
      { dimension: 'event_name', label: 'Events', metrics: ['events', 'visitors'], empty: 'No event came in. Send your own with headwater.track(name).' },
    ],
  },
];

const ROWS = 8;
const ALL_ROWS = 200;

/** The tab of a panel that the view shows. */
export function tabOf(view: View, panel: PanelPlan): Tab {
  return panel.tabs.find((tab) => view.tabs.includes(tab.dimension)) ?? panel.tabs[0];
}

export const isLong = (view: View, tab: Tab): boolean => view.long.includes(tab.dimension);

export function boardQuestion(view: View, site: string): Query {
  return {
    ...about(view, site),
    metrics: TILES,
    dimensions: [`time:${intervalOf(view)}`],
    // Nothing comes before all time.
    compare: view.compare === 'none' || view.period === 'all' ? null : view.compare,
    limit: 1000,
  };
}

export function panelQuestion(view: View, site: string, panel: PanelPlan): Query {
  const tab = tabOf(view, panel);
  return {
    ...about(view, site),
    metrics: tab.metrics,
    dimensions: [tab.dimension],
    compare: null,
    totals: false,
    limit: isLong(view, tab) ? ALL_ROWS : ROWS,
  };
}

export function questionsOf(view: View, site: string): Query[] {
  return [boardQuestion(view, site), ...PANELS.map((panel) => panelQuestion(view, site, panel))];
}

/** The chart's intervals that suit a period, the usual one first. */
export function intervalsFor(period: Period): readonly [Interval, ...Interval[]] {
  if (period === 'all') return ['week', 'month', 'day'];
  const days = typeof period === 'string' ? DAYS[period] ?? 0 : daysBetween(...period);
  if (days <= 2) return ['hour'];
  if (days <= 10) return ['day', 'hour'];
  if (days <= 100) return ['day', 'week', 'month'];
  return ['month', 'week', 'day'];
}

export function intervalOf(view: View): Interval {
  const suitable = intervalsFor(view.period);
  return view.interval && suitable.includes(view.interval) ? view.interval : suitable[0];
}

const DAYS: Record<string, number> = { day: 1, '24h': 1, '7d': 7, '28d': 28, '30d': 30, '91d': 91, month: 31, '6mo': 184, '12mo': 366, year: 366 };

function daysBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 86_400_000 + 1;
}

function about(view: View, site: string): Pick<Query, 'site' | 'filters' | 'date_range'> {
  return { site, filters: filtersOf(view.filters), date_range: view.period };
}
