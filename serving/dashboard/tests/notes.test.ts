import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Annotation } from '../src/api.ts';
import { notesOf } from '../src/notes.ts';
import type { Point } from '../src/series.ts';

const pointsAt = (...buckets: string[]): Point[] =>
  buckets.map((bucket) => ({
    bucket, value: 1, change: null, beforeBucket: null, before: null, isIncomplete: false, isAhead: false,
  }));
const note = (text: string, date: string, more: Partial<Annotation> = {}): Annotation => ({
  text, date, until: date, at: null, ...more,
});
const found = (annotations: Annotation[], points: Point[]) => Object.fromEntries(notesOf(annotations, points));

test('a note is at its day, several in the order they came', () => {
  const days = pointsAt('2026-11-18', '2026-11-19', '2026-11-20');
  const notes = [note('one', '2026-11-19'), note('two', '2026-11-19'), note('last', '2026-11-20')];
  assert.deepEqual(found(notes, days), { 1: ['one', 'two'], 2: ['last'] });
});

test('a note on several days is at the first of them that is drawn', () => {
  const days = pointsAt('2026-11-18', '2026-11-19');
  const sale = note('Sale', '2026-11-01', { until: '2026-11-30' });
  assert.deepEqual(found([sale], days), { 0: ['Sale (until 30 Nov 2026)'] });
});

test('weeks and months hold the notes of their days', () => {
  assert.deepEqual(found([note('x', '2026-11-15')], pointsAt('2026-11-09', '2026-11-16')), { 0: ['x'] });
  assert.deepEqual(found([note('x', '2026-11-30')], pointsAt('2026-10-01', '2026-11-01', '2026-12-01')), { 1: ['x'] });
});

test('a moment is in its hour, a day at its first hour, whatever the zone', () => {
  const hours = pointsAt('2026-11-20T23:00:00+01:00', '2026-11-21T00:00:00+01:00', '2026-11-21T01:00:00+01:00');
  const moment = note('Release', '2026-11-21', { at: '2026-11-21T01:59:59.5+01:00' });
  assert.deepEqual(found([moment, note('day', '2026-11-21')], hours), { 1: ['day'], 2: ['01:59 Release'] });
  const twice = pointsAt('2026-10-25T02:00:00+02:00', '2026-10-25T02:00:00+01:00');
  assert.deepEqual(found([note('x', '2026-10-25', { at: '2026-10-25T02:10:00+01:00' })], twice), { 1: ['02:10 x'] });
});

test('what no point is about is left out', () => {
  assert.deepEqual(found([note('x', '2026-11-21')], []), {});
  const hours = pointsAt('2026-11-21T01:00:00+01:00');
  assert.deepEqual(found([note('x', '2026-11-21', { at: '2026-11-21T00:59:00+01:00' })], hours), {});
});
