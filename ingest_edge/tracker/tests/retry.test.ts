// What is sent again, when, and what is given up.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { change, pauseOf, retries, type Batch } from "../src/retry.ts";
import { write } from "../src/storage.ts";

const HOUR = 3_600_000;
const now = Date.now();
const batchOf = (id: string, more: Partial<Batch> = {}, events = 1, size = 0): Batch => ({
  at: now,
  due: 0,
  tries: 0,
  body: { batch_id: id, events: Array.from({ length: events }, () => "x".repeat(size)) },
  ...more,
});
const ids = () => change((batches) => batches).map(({ body }) => body["batch_id"]);
beforeEach(() => write("q", null));

test("pauses double from 3 seconds to 30 minutes, give or take a half", () => {
  assert.deepEqual([1, 2, 5].map((tries) => pauseOf(tries, 0.5)), [3_000, 6_000, 48_000]);
  assert.deepEqual([pauseOf(1, 0), pauseOf(1, 1), pauseOf(40, 0.5)], [1_500, 4_500, 1_800_000]);
});

test("what was tried ten times or is a day old is given up", () => {
  change(() => [batchOf("old", { at: now - 25 * HOUR }), batchOf("tried", { tries: 10 }), batchOf("good")]);
  assert.deepEqual(ids(), ["good"]);
});

test("at most 200 events and 100 KB are kept, the newest of them", () => {
  change(() => Array.from({ length: 30 }, (_, i) => batchOf(`b${i}`, {}, 10)));
  assert.equal(ids().length, 20);
  assert.equal(ids()[19], "b29");
  change(() => Array.from({ length: 5 }, (_, i) => batchOf(`c${i}`, {}, 1, 30_000)));
  assert.deepEqual(ids(), ["c2", "c3", "c4"]);
});

test("a batch is kept while it fails, with its ids, and gone once it is accepted", async () => {
  const sent: unknown[] = [];
  let outcome: boolean | number = false;
  const post = (body: Record<string, unknown>) => (sent.push(body["batch_id"]), Promise.resolve(outcome));
  const again = retries(post, () => false);
  await again.attempt(batchOf("b1"));
  assert.deepEqual(ids(), ["b1"]);
  await again.drain();
  assert.deepEqual(sent, ["b1"], "not before its time");
  outcome = true;
  await again.drain(true);
  assert.deepEqual([sent, ids()], [["b1", "b1"], []]);
});

test("the edge may ask for a longer pause", async () => {
  const again = retries(() => Promise.resolve(3_600_000), () => false);
  await again.attempt(batchOf("b1"));
  assert.ok(change((batches) => batches)[0]!.due >= now + HOUR);
});

test("one tab drains at a time", async () => {
  const sent: unknown[] = [];
  const post = (body: Record<string, unknown>) => (sent.push(body["batch_id"]), Promise.resolve(true));
  change(() => [batchOf("b1")]);
  write("m", String(Date.now()));
  await retries(post, () => false).drain();
  assert.deepEqual(sent, []);
  write("m", String(Date.now() - 60_000));
  await retries(post, () => false).drain();
  assert.deepEqual(sent, ["b1"]);
  write("m", null);
});

test("nothing is sent while consent is open", async () => {
  change(() => [batchOf("b1", { tries: 1 })]);
  await retries(() => assert.fail("sent"), () => true).drain(true);
  assert.deepEqual(ids(), ["b1"]);
});
