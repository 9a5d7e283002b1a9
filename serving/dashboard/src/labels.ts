// Words for values and dimensions; what a metric is called comes with each answer.

import type { DimensionValue } from './api.ts';
import { formatDate } from './format.ts';
import type { Compare, Interval, Period } from './view.ts';

const regions = new Intl.DisplayNames('en', { type: 'region' });

const DIMENSIONS: Record<string, string> = {
  page: 'Page',
  entry_page: 'Entry page',
  exit_page: 'Exit page',
  source: 'Source',
  medium: 'Medium',
  campaign: 'Campaign',
  channel: 'Channel',
  referrer: 'Referrer',
  country: 'Country',
  device: 'Device',
  browser: 'Browser',
  os: 'System',
  event_name: 'Event',
};

const PERIODS: Record<string, string> = {
  day: 'Today',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '28d': 'Last 28 days',
  '30d': 'Last 30 days',
  '91d': 'Last 91 days',
  month: 'This month',
  '6mo': 'Last 6 months',
  '12mo': 'Last 12 months',
  year: 'This year',
  all: 'All time',
};

export const COMPARISONS: Record<Compare, string> = {
  previous_period: 'Previous period',
  previous_year: 'Previous year',
  none: 'No comparison',
};

export const INTERVALS: Record<Interval, string> = { hour: 'Hour', day: 'Day', week: 'Week', month: 'Month' };

const OPERATORS: Record<string, string> = {
  is: 'is',
  is_not: 'is not',
  contains: 'contains',
  contains_not: 'does not contain',
  matches: 'matches',
};

export const dimensionLabel = (name: string): string => DIMENSIONS[name] ?? name.replaceAll('_', ' ');
/** What to call a metric until an answer says it. */
export const metricLabel = (name: string): string => capitalized(name.replaceAll('_', ' '));
export const operatorLabel = (op: string): string => OPERATORS[op] ?? op.replaceAll('_', ' ');

export function periodLabel(period: Period): string {
  if (typeof period === 'string') return PERIODS[period] ?? period;
  const [from, to] = period;
  return from === to ? formatDate(from) : `${formatDate(from)} – ${formatDate(to)}`;
}

export function valueLabel(dimension: string, value: DimensionValue): string {
  if (value === null || value === '') return dimension === 'country' ? 'Unknown' : '(not set)';
  if (dimension === 'country') return countryName(value);
  return dimension === 'device' ? capitalized(value) : value;
}

function countryName(code: string): string {
  try {
    return regions.of(code) ?? code;
  } catch {
    return code;
  }
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
