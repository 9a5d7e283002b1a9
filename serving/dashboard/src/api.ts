// The public API, as far as the page needs it; serving/query/schemas.py is where the shapes are defined.

import { Problem, read, type ProblemBody } from './problem.ts';
import type { Compare, Filter, Period } from './view.ts';

export type Figure = number | null;
export type DimensionValue = string | null;

export interface Query {
  readonly site: string;
  readonly metrics: readonly string[];
  readonly dimensions: readonly string[];
  readonly filters: readonly (readonly [string, string, readonly (string | null)[]])[];
  readonly date_range: Period;
  readonly compare: Exclude<Compare, 'none'> | null;
  readonly limit: number;
  /** False leaves the totals out and reads less. */
  readonly totals?: boolean;
}

/** The same figures in the period compared with; `change` 0.12 is 12 % more, null where that says nothing. */
export interface Comparison {
  readonly dimensions: readonly DimensionValue[];
  readonly metrics: readonly Figure[];
  readonly change: readonly Figure[];
}

export interface Totals {
  readonly metrics: readonly Figure[];
  readonly comparison: Comparison | null;
}

export interface Row extends Totals {
  readonly dimensions: readonly DimensionValue[];
}

export interface Definition {
  readonly name: string;
  readonly label: string;
  readonly definition: string;
  readonly unit: string | null;
}

/** `start` included, `end` excluded. */
export interface Range {
  readonly start: string;
  readonly end: string;
  readonly timezone: string;
}

export interface Meta {
  readonly as_of: string | null;
  readonly provisional: boolean;
  readonly incomplete: string | null;
  readonly period: Range;
  readonly compared_with: Range | null;
  readonly definitions: readonly Definition[];
  readonly warnings: readonly string[];
}

export interface Answer {
  readonly rows: readonly Row[];
  readonly totals: Totals;
  readonly next_cursor: string | null;
  readonly query: { readonly metrics: readonly string[] };
  readonly meta: Meta;
}

export interface Site {
  readonly site: string;
  readonly name: string;
  readonly timezone: string;
}

/** A note on local dates; `at` is the moment, in the site's own zone, where it is about one. */
export interface Annotation {
  readonly text: string;
  readonly date: string;
  readonly until: string;
  readonly at: string | null;
}

export interface Realtime {
  readonly as_of: string;
  readonly windows: readonly { readonly minutes: number; readonly visitors: number; readonly page_views: number }[];
  readonly stale_seconds: number;
}

export const filtersOf = (filters: readonly Filter[]): Query['filters'] =>
  filters.map(({ op, dimension, values }) => [op, dimension, values]);

export async function get<T>(path: string): Promise<T> {
  return read<T>(await fetch(path, { headers: { Accept: 'application/json' } }));
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
export async function outcomesOf(response: Response): Promise<(Answer | Problem)[]> {
  const body = await read<{ answers: (Answer | { problem: ProblemBody & { status: number } })[] }>(response);
  return body.answers.map((one) => ('problem' in one ? new Problem(one.problem.status, one.problem) : one));
}
