// What the page shows, as it stands in the address: reload, back and a copied link give the same view.

export type Period = string | readonly [from: string, to: string];
export type Compare = 'none' | 'previous_period' | 'previous_year';
export type Interval = 'hour' | 'day' | 'week' | 'month';
export interface Filter {
  readonly op: string;
  readonly dimension: string;
  /** null: has no value. */
  readonly values: readonly (string | null)[];
}

export interface View {
  readonly site: string | null;
  readonly period: Period;
  readonly compare: Compare;
  readonly filters: readonly Filter[];
  /** The metric in the chart. */
  readonly metric: string;
  /** null: what suits the period. */
  readonly interval: Interval | null;
  /** The dimensions of the tabs that are not the first of their panel. */
  readonly tabs: readonly string[];
  /** Panels (by their first dimension) that show all their rows. */
  readonly long: readonly string[];
  readonly asTable: boolean;
}

export const DEFAULT_VIEW: View = {
  site: null,
  period: '28d',
  compare: 'previous_period',
  filters: [],
  metric: 'visitors',
  interval: null,
  tabs: [],
  long: [],
  asTable: false,
};

export const PERIODS = ['day', '24h', '7d', '28d', '30d', '91d', 'month', '6mo', '12mo', 'year', 'all'] as const;
const COMPARE_CODES: Record<string, Compare> = {
  none: 'none',
  prev: 'previous_period',
  year: 'previous_year',
};
const INTERVALS: readonly string[] = ['hour', 'day', 'week', 'month'];
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** Read the view from `location.search`; what cannot be read is left at its default. */
export function parseView(search: string): View {
  const params = new URLSearchParams(search);
  const interval = params.get('i');
  return {
    site: params.get('site') || null,
    period: periodFrom(params.get('p')),
    compare: COMPARE_CODES[params.get('cmp') ?? ''] ?? DEFAULT_VIEW.compare,
    filters: params.getAll('f').flatMap(filterFrom),
    metric: params.get('m') || DEFAULT_VIEW.metric,
    interval: isInterval(interval) ? interval : null,
    tabs: listFrom(params.get('t')),
    long: listFrom(params.get('all')),
    asTable: params.get('v') === 'table',
  };
}

/** Write the view as a query string with its `?`; defaults are left out. */
export function searchOf(view: View): string {
  const params = new URLSearchParams();
  const put = (name: string, value: string, usual = '') => value !== usual && params.append(name, value);
  put('site', view.site ?? '');
  put('p', typeof view.period === 'string' ? view.period : view.period.join('~'), '28d');
  put('cmp', codeOf(view.compare), 'prev');
  for (const { op, dimension, values } of view.filters) put('f', join([op, dimension, ...values]));
  put('m', view.metric, DEFAULT_VIEW.metric);
  put('i', view.interval ?? '');
  put('t', join(view.tabs));
  put('all', join(view.long));
  put('v', view.asTable ? 'table' : '');
  // Commas and ~ are legal in a query string and easier to read as they are.
  const text = params.toString().replaceAll('%2C', ',').replaceAll('%7E', '~').replaceAll('%3A', ':');
  return text && `?${text}`;
}

/** Keep only one value of a dimension, in place of any other; keeping it again changes nothing. */
export function withFilter(view: View, dimension: string, value: string | null): View {
  const found = view.filters.find((one) => one.op === 'is' && one.dimension === dimension);
  if (found?.values.length === 1 && found.values[0] === value) return view;
  const filter = { op: 'is', dimension, values: [value] };
  return { ...view, filters: [...view.filters.filter((one) => one !== found), filter] };
}

export function withoutFilter(view: View, filter: Filter): View {
  return { ...view, filters: view.filters.filter((one) => one !== filter) };
}

function periodFrom(text: string | null): Period {
  if (!text) return DEFAULT_VIEW.period;
  const [from, to] = text.split('~');
  if (from && to && DATE.test(from) && DATE.test(to)) return from <= to ? [from, to] : [to, from];
  return (PERIODS as readonly string[]).includes(text) ? text : DEFAULT_VIEW.period;
}

function filterFrom(text: string): Filter[] {
  const [op, dimension, ...values] = itemsOf(text);
  return op && dimension && values.length > 0 ? [{ op, dimension, values }] : [];
}

function codeOf(compare: Compare): string {
  return Object.keys(COMPARE_CODES).find((code) => COMPARE_CODES[code] === compare) ?? 'prev';
}

function isInterval(text: string | null): text is Interval {
  return text !== null && INTERVALS.includes(text);
}

// A comma parts the items of a list. Inside an item, `!.` is a comma, `!!` is `!`; `!0` is no value at all.
const NOTHING = '!0';

function join(items: readonly (string | null)[]): string {
  return items.map((item) => item?.replaceAll('!', '!!').replaceAll(',', '!.') ?? NOTHING).join(',');
}

function itemsOf(text: string): (string | null)[] {
  const plain = (item: string) => item.replace(/!([!.])/g, (_, mark) => (mark === '.' ? ',' : '!'));
  return text.split(',').map((item) => (item === NOTHING ? null : plain(item)));
}

function listFrom(text: string | null): string[] {
  return text ? itemsOf(text).filter((item) => item !== null) : [];
}
