// Numbers and times as people read them. Formatting only: what a number is, the API has decided.

export type Unit = string;
type Value = number | string | null | undefined;

const NONE = '–';
const plain = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 2 });
const percent = new Intl.NumberFormat('en', { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
const wholePercent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 0 });
const oneDecimal = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 2 });
const money = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD' });
const compactMoney = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD', notation: 'compact', maximumFractionDigits: 1 });

/** Write a metric's value in full. Decimals may come as text, so that no digit of money is lost. */
export function formatValue(value: Value, unit: Unit): string {
  if (value === null || value === undefined) return NONE;
  switch (unit) {
    case 'ratio':
      return percent.format(Number(value));
    case 'ms':
      return formatDuration(Number(value));
    case 'USD':
      return money.format(value as number);
    case 'number':
      return oneDecimal.format(Number(value));
    default:
      return plain.format(value as number);
  }
}

/** Write a value for a narrow place: tiles and axes shorten from 100,000 on. */
export function formatShort(value: Value, unit: Unit): string {
  const size = Math.abs(Number(value ?? 0));
  if (unit === 'USD' && size >= 10_000) return compactMoney.format(Number(value));
  if (unit !== 'ratio' && unit !== 'ms' && size >= 100_000) return compact.format(Number(value));
  return formatValue(value, unit);
}

/** Write an axis label: as short as it can be said. */
export function formatTick(value: number, unit: Unit): string {
  if (unit === 'ratio') return wholePercent.format(value);
  if (unit === 'ms') return formatDuration(value);
  return (unit === 'USD' ? compactMoney : compact).format(value);
}

/** Write milliseconds as `1h 02m`, `4m 05s` or `12s`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return ms > 0 && ms < 950 ? `${(ms / 1000).toFixed(1)}s` : `${seconds}s`;
  const pad = (part: number) => String(part).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h ${pad(Math.floor(seconds / 60) % 60)}m`;
}

/** Write a change (0.12 = 12 % more) with its sign; beyond tenfold the digits say nothing. */
export function formatChange(change: number): string {
  const size = Math.abs(change);
  if (size >= 10) return change > 0 ? '>1,000%' : '<−1,000%';
  const sign = change > 0 ? '+' : change < 0 ? '−' : '';
  return sign + (size < 0.0995 ? percent : wholePercent).format(size);
}

type Grain = 'minute' | 'hour' | 'day' | 'week' | 'month';
const UTC = { timeZone: 'UTC' } as const;
const long: Record<Grain, Intl.DateTimeFormat> = {
  minute: new Intl.DateTimeFormat('en-GB', { ...UTC, hour: '2-digit', minute: '2-digit' }),
  hour: new Intl.DateTimeFormat('en-GB', { ...UTC, weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }),
  day: new Intl.DateTimeFormat('en-GB', { ...UTC, weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' }),
  week: new Intl.DateTimeFormat('en-GB', { ...UTC, day: 'numeric', month: 'short', year: 'numeric' }),
  month: new Intl.DateTimeFormat('en-GB', { ...UTC, month: 'long', year: 'numeric' }),
};
const short: Record<Grain, Intl.DateTimeFormat> = {
  minute: long.minute,
  hour: long.minute,
  day: new Intl.DateTimeFormat('en-GB', { ...UTC, day: 'numeric', month: 'short' }),
  week: new Intl.DateTimeFormat('en-GB', { ...UTC, day: 'numeric', month: 'short' }),
  month: new Intl.DateTimeFormat('en-GB', { ...UTC, month: 'short' }),
};

/** Write a bucket of site-local time (`2026-11-03`, `2026-11-03T14:00`) in full. */
export function formatBucket(bucket: string, grain: Grain): string {
  const at = localTime(bucket);
  if (at === null) return bucket;
  return grain === 'week' ? `Week of ${long.week.format(at)}` : long[grain].format(at);
}

/** Write a bucket for the axis; midnight shows its date. */
export function formatBucketShort(bucket: string, grain: Grain): string {
  const at = localTime(bucket);
  if (at === null) return bucket;
  return short[grain === 'hour' && at.getUTCHours() === 0 ? 'day' : grain].format(at);
}

/** Write an instant as the site's own clock shows it, `12:03:10`. */
export function formatClock(instant: string, timeZone: string): string {
  return new Date(instant).toLocaleTimeString('en-GB', { timeZone });
}

export function formatDate(date: string): string {
  const at = localTime(date);
  return at === null ? date : long.week.format(at);
}

// A bucket is local time without a zone. Read as UTC and written as UTC it stays what it is.
function localTime(bucket: string): Date | null {
  const match = /^(\d{4}-\d{2}(?:-\d{2})?)(?:[T ](\d{2}:\d{2}))?/.exec(bucket);
  if (!match) return null;
  const date = match[1]!.length === 7 ? `${match[1]}-01` : match[1];
  const at = new Date(`${date}T${match[2] ?? '00:00'}:00Z`);
  return Number.isNaN(at.getTime()) ? null : at;
}
