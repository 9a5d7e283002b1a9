import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_VIEW, parseView, searchOf, withFilter, withoutFilter, type View } from '../src/view.ts';

const views: Record<string, View> = {
  'the usual view': { ...DEFAULT_VIEW, site: 'demo' },
  'every part set': {
    site: 'my-shop',
    period: ['2026-03-01', '2026-03-31'],
    compare: 'previous_year',
    filters: [
      { op: 'is', dimension: 'country', values: ['DE', 'AT'] },
      { op: 'contains_not', dimension: 'page', values: ['/old'] },
    ],
    metric: 'bounce_rate',
    interval: 'week',
    tabs: ['entry_page', 'campaign'],
    long: ['source'],
    asTable: true,
  },
  'no comparison': { ...DEFAULT_VIEW, compare: 'none' },
};

for (const [name, view] of Object.entries(views)) {
  test(`what is written is read back: ${name}`, () => assert.deepEqual(parseView(searchOf(view)), view));
}

const HOSTILE = [',', '!', '!.', '!!', '!0', '!!0', 'a,b!c', '&f=is', '=', '#', '%2C', '+', ' ', 'ünïcode 🚰', '"><script>', '~'];

for (const value of [...HOSTILE, null]) {
  test(`a filter's value survives the address: ${JSON.stringify(value)}`, () => {
    const view = withFilter({ ...DEFAULT_VIEW, site: 'demo' }, 'page', value);
    assert.deepEqual(parseView(searchOf(view)), view);
  });
}

test('the usual view is written as the site alone', () => {
  assert.equal(searchOf({ ...DEFAULT_VIEW, site: 'demo' }), '?site=demo');
  assert.equal(searchOf(DEFAULT_VIEW), '');
});

test('what nobody can read is left at its default', () => {
  const search = '?p=2026-1-1~x&cmp=maybe&f=is&f=is,country&f=,,&i=second&v=cake';
  assert.deepEqual(parseView(search), DEFAULT_VIEW);
});

test('own dates in the wrong order are turned round', () => {
  assert.deepEqual(parseView('?p=2026-02-02~2026-01-01').period, ['2026-01-01', '2026-02-02']);
});

test('a second value of a dimension takes the place of the first', () => {
  const once = withFilter(DEFAULT_VIEW, 'country', 'DE');
  assert.equal(withFilter(once, 'country', 'DE'), once);
  const twice = withFilter(withFilter(once, 'device', 'mobile'), 'country', 'AT');
  assert.deepEqual(twice.filters.map((one) => one.values), [['mobile'], ['AT']]);
  assert.deepEqual(withoutFilter(twice, twice.filters[0]!).filters.map((one) => one.dimension), ['country']);
});
