// Ids of events, visitors and sessions.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { forget, read, session, uuid, visitor, write } from "../src/ids.ts";

const MINUTE = 60_000;
let now = 1_790_000_000_000;
Date.now = () => now;
beforeEach(() => {
  forget();
  now = 1_790_000_000_000;
});

test("an id is a UUIDv7 of the moment it was made", () => {
  const id = uuid();
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(parseInt(id.replace("-", "").slice(0, 12), 16), now);
  assert.equal(new Set(Array.from({ length: 1000 }, uuid)).size, 1000);
});

test("a visitor is new for the length of the first session", () => {
  const first = visitor();
  assert.deepEqual([first.isNew, visitor().id, visitor().isNew], [true, first.id, true]);
  now += 31 * MINUTE;
  assert.deepEqual(visitor(), { id: first.id, isNew: false });
});

test("a session lasts until 30 idle minutes", () => {
  const first = session();
  for (let i = 0; i < 4; i++) {
    now += 29 * MINUTE;
    assert.equal(session(), first);
  }
  now += 30 * MINUTE;
  assert.notEqual(session(), first);
});

test("reset makes the next event one of somebody new", () => {
  const { id } = visitor();
  write("user", "u1");
  forget();
  assert.notEqual(visitor().id, id);
  assert.equal(read("user"), null);
});
