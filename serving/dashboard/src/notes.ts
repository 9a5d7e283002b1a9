// Which point of the chart a note of the site belongs to, and how it is said there.

import type { Annotation } from './api.ts';
import { formatDate } from './format.ts';
import type { Point } from './series.ts';

/** Notes by the index of their point; one that began before the chart does is at its first point. */
export type Notes = ReadonlyMap<number, readonly string[]>;

export function notesOf(annotations: readonly Annotation[], points: readonly Point[]): Notes {
  const notes = new Map<number, string[]>();
  for (const annotation of annotations) {
    const at = indexOf(annotation, points);
    if (at >= 0) notes.set(at, [...(notes.get(at) ?? []), wordsOf(annotation)]);
  }
  return notes;
}

/** Hours are instants with the zone's offset, all else is a local date; both in the order of time. */
function indexOf({ date, at }: Annotation, points: readonly Point[]): number {
  const first = points[0]?.bucket;
  if (first === undefined) return -1;
  const isHours = first.length > 10;
  if (isHours && at !== null) return points.findLastIndex((point) => Date.parse(point.bucket) <= Date.parse(at));
  const day = date < first.slice(0, 10) ? first.slice(0, 10) : date;
  return isHours
    ? points.findIndex((point) => point.bucket.slice(0, 10) === day)
    : points.findLastIndex((point) => point.bucket <= day);
}

function wordsOf({ text, date, until, at }: Annotation): string {
  const clock = at === null ? '' : `${at.slice(11, 16)} `;
  return `${clock}${text}${until === date ? '' : ` (until ${formatDate(until)})`}`;
}
