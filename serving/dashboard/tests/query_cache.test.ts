import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../src/problem.ts';
import { QueryCache } from '../src/query_cache.ts';

interface Call {
  readonly questions: readonly string[];
  readonly stop: AbortSignal;
  readonly answer: (...answers: (string | Problem)[]) => void;
  readonly fail: (reason: unknown) => void;
}

/** A cache whose requests wait until the test answers them. */
function underTest(): { cache: QueryCache<string, string>; calls: Call[] } {
  const calls: Call[] = [];
  const cache = new QueryCache<string, string>(
    (questions, stop) =>
      new Promise((resolve, reject) => {
        stop.addEventListener('abort', () => reject(new DOMException('given up', 'AbortError')));
        calls.push({ questions, stop, answer: (...answers) => resolve(answers), fail: reject });
      }),
  );
  return { cache, calls };
}

test('questions wanted together travel in one request', async () => {
  const { cache, calls } = underTest();
  const done = cache.want(['a', 'b']);
  calls[0]!.answer('A', 'B');
  await done;
  assert.deepEqual(calls.map((call) => call.questions), [['a', 'b']]);
  assert.deepEqual(cache.entry('b').value, { answer: 'B', problem: null, isLoading: false });
});

test('only what has no answer is asked, unless asked again', async () => {
  const { cache, calls } = underTest();
  const first = cache.want(['a']);
  calls[0]!.answer('A');
  await first;
  void cache.want(['a', 'b']);
  void cache.want(['a', 'b'], true);
  assert.deepEqual(calls.map((call) => call.questions), [['a'], ['b'], ['a']]);
});

test('while it is asked again the old answer stays, and stays when that fails', async () => {
  const { cache, calls } = underTest();
  const first = cache.want(['a']);
  calls[0]!.answer('A');
  await first;
  const again = cache.want(['a'], true);
  assert.deepEqual(cache.entry('a').value, { answer: 'A', problem: null, isLoading: true });
  calls[1]!.fail(new TypeError('network'));
  await again;
  assert.equal(cache.entry('a').value.answer, 'A');
  assert.equal(cache.entry('a').value.problem?.code, 'no_answer');
});

test('one question may fail alone and is asked again by the next look', async () => {
  const { cache, calls } = underTest();
  const done = cache.want(['a', 'b']);
  calls[0]!.answer('A', new Problem(504, { title: 'Too slow' }));
  await done;
  assert.equal(cache.entry('b').value.problem?.message, 'Too slow');
  void cache.want(['a', 'b']);
  assert.deepEqual(calls[1]?.questions, ['b']);
});

test('a request for what nobody looks at any more is given up', async () => {
  const { cache, calls } = underTest();
  const first = cache.want(['a']);
  void cache.want(['b']);
  await first;
  assert.equal(calls[0]!.stop.aborted, true);
  assert.deepEqual(cache.entry('a').value, { answer: null, problem: null, isLoading: true });
  void cache.want(['a', 'b']);
  assert.deepEqual(calls[2]?.questions, ['a']);
});

test('a batch holds twenty questions at most', () => {
  const { cache, calls } = underTest();
  void cache.want(Array.from({ length: 45 }, (_, at) => `${at}`));
  assert.deepEqual(calls.map((call) => call.questions.length), [20, 20, 5]);
});
