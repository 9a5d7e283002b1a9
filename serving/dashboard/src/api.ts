// The public API, as far as the page needs it. Shapes follow the API's OpenAPI document.

import { Problem, read, type ProblemBody } from './problem.ts';
import type { Compare, Filter, Period } from './view.ts';

export type Metric = number | string | null;
export type Metrics = Readonly<Record<string, Metric>>;

export interface Query {
  readonly site: string;
  readonly metrics: readonly string[];
  readonly dimensions: readonly string[];
  readonly filters: readonly (readonly [string, string, readonly string[]])[];
  readonly date_range: Period;
  readonly compare: Compare | null;
  readonly order_by: readonly (readonly [string, 'asc' | 'desc'])[];
  readonly limit: number;
}

export interface Row {
  readonly dimensions: readonly (string | null)[];
  readonly metrics: readonly Metric[];
}

export interface Answer {
  readonly rows: readonly Row[];
  readonly totals: Metrics;
  readonly comparison: Comparison | null;
  readonly meta: Meta;
}

export interface Comparison {
  readonly rows: readonly Row[];
  readonly totals: Metrics;
  readonly changes: Readonly<Record<string, number | null>>;
}

export interface Meta {
  readonly as_of: string;
  readonly provisional: boolean;
}

export interface Site {
  readonly site_id: string;
  readonly name: string;
  readonly timezone: string;
}

export const filtersOf = (filters: readonly Filter[]): Query['filters'] =>
  filters.map(({ op, dimension, values }) => [op, dimension, values]);

export async function get<T>(path: string, stop?: AbortSignal): Promise<T> {
  return read<T>(await fetch(path, { headers: { Accept: 'application/json' }, ...(stop && { signal: stop }) }));
}

export function postQueries(queries: readonly Query[], stop?: AbortSignal): Promise<Response> {
  return fetch('/api/v1/queries', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify({ queries }),
    ...(stop && { signal: stop }),
  });
}

/** Take a batch's answer apart: one question's failure is not the others'. */
export function outcomesOf(body: { answers: readonly (Answer | ProblemBody)[] }): (Answer | Problem)[] {
  return body.answers.map((one) => ('rows' in one ? one : new Problem(0, one)));
}
