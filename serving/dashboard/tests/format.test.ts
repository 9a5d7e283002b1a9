import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBucket, formatBucketShort, formatChange, formatClock, formatDuration, formatShort, formatTick, formatValue } from '../src/format.ts';

function table<A extends readonly unknown[]>(format: (...args: A) => string, cases: readonly (readonly [A, string])[]): void {
  for (const [args, text] of cases) {
    test(`${format.name}(${args.map((arg) => JSON.stringify(arg)).join(', ')}) is ${text}`, () => assert.equal(format(...args), text));
  }
}

table(formatValue, [
  [[1234567, 'count'], '1,234,567'],
  [[0, 'count'], '0'],
  [[null, 'ratio'], '–'],
  [[0.4237, 'ratio'], '42.4%'],
  [[2.5, 'number'], '2.5'],
  [[3, 'number'], '3.0'],
  [[1234.5, 'USD'], '$1,234.50'],
  [['12345678901234567.89', 'USD'], '$12,345,678,901,234,567.89'],
  [[245_000, 'ms'], '4m 05s'],
  [[7, 'a unit of tomorrow'], '7'],
]);

table(formatShort, [
  [[99_999, 'count'], '99,999'],
  [[1_234_567, 'count'], '1.23M'],
  [[9_999.5, 'USD'], '$9,999.50'],
  [[18_120, 'USD'], '$18.1K'],
]);

table(formatTick, [
  [[0.25, 'ratio'], '25%'],
  [[1500, 'count'], '1.5K'],
]);

table(formatDuration, [
  [[0], '0s'],
  [[400], '0.4s'],
  [[59_499], '59s'],
  [[59_600], '1m 00s'],
  [[3_599_600], '1h 00m'],
  [[5_430_000], '1h 30m'],
]);

table(formatChange, [
  [[0.123], '+12%'],
  [[0.0512], '+5.1%'],
  [[-0.0512], '−5.1%'],
  [[0], '0.0%'],
  [[42], '>1,000%'],
]);

table(formatBucket, [
  [['2026-03-29', 'day'], 'Sun, 29 Mar 2026'],
  [['2026-03-23', 'week'], 'Week of 23 Mar 2026'],
  [['2026-03-01', 'month'], 'March 2026'],
  [['2026-03-29T03:00:00+02:00', 'hour'], 'Sun 29 Mar, 03:00'],
  [['nonsense', 'day'], 'nonsense'],
]);

table(formatBucketShort, [
  [['2026-03-29T00:00:00+01:00', 'hour'], '29 Mar'],
  [['2026-03-29T14:00:00+02:00', 'hour'], '14:00'],
]);

test('an instant is shown by the clock of the site', () => {
  assert.equal(formatClock('2026-11-21T11:03:10Z', 'Asia/Kolkata'), '16:33:10');
});
