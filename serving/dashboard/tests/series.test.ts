import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '../src/api.ts';
import { extremes, labelled, linesOf, pointsOf } from '../src/series.ts';

const DAYS = ['2026-11-18', '2026-11-19', '2026-11-20', '2026-11-21'];

function answer(visitors: readonly number[], incomplete: string | null): Answer {
  return {
    rows: visitors.map((value, at) => ({ dimensions: [DAYS[at]!], metrics: [0, value], comparison: null })),
    totals: { metrics: [], comparison: null },
    next_cursor: null,
    query: { metrics: ['sessions', 'visitors'] },
    meta: {
      as_of: null,
      provisional: true,
      incomplete,
      period: { start: '', end: '', timezone: 'UTC' },
      compared_with: null,
      definitions: [],
      warnings: [],
    },
  };
}

test('the bucket that still fills is joined to the last one that is over', () => {
  const lines = linesOf(pointsOf(answer([5, 6, 7, 2], '2026-11-21'), 'visitors'));
  assert.deepEqual(lines.done, [5, 6, 7, null]);
  assert.deepEqual(lines.filling, [null, null, 7, 2]);
});

test('a period that is over has nothing that fills', () => {
  const lines = linesOf(pointsOf(answer([5, 6], null), 'visitors'));
  assert.deepEqual(lines.done, [5, 6]);
  assert.deepEqual(lines.filling, [null, null]);
});

test('buckets that have not begun are no zeros', () => {
  const points = pointsOf(answer([5, 2, 0, 0], '2026-11-19'), 'visitors');
  assert.deepEqual(linesOf(points).done, [5, null, null, null]);
  assert.deepEqual(points.map((point) => point.isAhead), [false, false, true, true]);
});

test('a single bucket that fills is drawn', () => {
  assert.deepEqual(linesOf(pointsOf(answer([3], '2026-11-18'), 'visitors')).filling, [3]);
});

test('the highest and the lowest leave out the bucket that fills', () => {
  const ends = extremes(pointsOf(answer([5, 9, 7, 1], '2026-11-21'), 'visitors'));
  assert.deepEqual([ends?.high.bucket, ends?.low.bucket], ['2026-11-19', '2026-11-18']);
  assert.equal(extremes([]), null);
});

test('labels keep their distance', () => {
  assert.deepEqual(labelled(28, 760, 76), [0, 3, 6, 9, 12, 15, 18, 21, 24, 27]);
  assert.deepEqual(labelled(3, 760, 76), [0, 1, 2]);
  assert.deepEqual(labelled(5000, 50, 76), [0]);
});
