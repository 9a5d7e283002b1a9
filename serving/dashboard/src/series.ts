// From an answer's rows to the lines of the chart. No figure is changed, only sorted into lines.

import type { Answer, Figure } from './api.ts';

export interface Point {
  readonly bucket: string;
  readonly value: Figure;
  readonly change: Figure;
  readonly beforeBucket: string | null;
  readonly before: Figure;
  readonly isIncomplete: boolean;
  /** A bucket that has not begun. */
  readonly isAhead: boolean;
}

/** The points of one metric in the order of time. */
export function pointsOf(answer: Answer, metric: string): Point[] {
  const at = answer.query.metrics.indexOf(metric);
  const running = answer.rows.findIndex((row) => row.dimensions[0] === answer.meta.incomplete);
  return answer.rows.map((row, index) => ({
    bucket: row.dimensions[0] ?? '',
    value: row.metrics[at] ?? null,
    change: row.comparison?.change[at] ?? null,
    beforeBucket: row.comparison?.dimensions[0] ?? null,
    before: row.comparison?.metrics[at] ?? null,
    isIncomplete: index === running,
    isAhead: running >= 0 && index > running,
  }));
}

type Line = (number | null)[];

export interface Lines {
  readonly x: number[];
  readonly before: Line;
  /** Up to the last bucket that is over. */
  readonly done: Line;
  /** From there to the bucket that still fills. */
  readonly filling: Line;
}

export function linesOf(points: readonly Point[]): Lines {
  const running = points.findIndex((point) => point.isIncomplete);
  const isFilling = (at: number) => running >= 0 && (at === running || at === running - 1);
  return {
    x: points.map((_, at) => at),
    before: points.map((point) => point.before),
    done: points.map((point) => (point.isIncomplete || point.isAhead ? null : point.value)),
    filling: points.map((point, at) => (isFilling(at) ? point.value : null)),
  };
}

const STRIDES = [1, 2, 3, 4, 6, 7, 8, 12, 14, 21, 24, 28, 48, 72, 96, 168, 336, 720];

/** Which points get a label on the axis, so that neighbours stay `pxApart` apart. */
export function labelled(count: number, width: number, pxApart: number): number[] {
  const fit = Math.max(1, Math.floor(width / pxApart));
  const stride = STRIDES.find((one) => count / one <= fit) ?? Math.ceil(count / fit);
  return Array.from({ length: Math.ceil(count / stride) }, (_, at) => at * stride);
}

/** The highest and the lowest bucket that is over, for people who do not see the chart. */
export function extremes(points: readonly Point[]): { high: Point; low: Point } | null {
  const done = points.filter((point) => point.value !== null && !point.isIncomplete && !point.isAhead);
  const [first] = done;
  if (!first) return null;
  const better = (sign: number) => done.reduce((best, one) => (sign * (one.value! - best.value!) > 0 ? one : best), first);
  return { high: better(1), low: better(-1) };
}
