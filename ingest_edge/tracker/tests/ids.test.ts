// Ids of events, visitors and sessions.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { forget, session, uuid, visitor } from "../src/ids.ts";
import { allowStorage, read, write } from "../src/storage.ts";

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
  const first = visitor(session());
  assert.deepEqual([first.isNew, visitor(session()).id, visitor(session()).isNew], [true, first.id, true]);
  now += 31 * MINUTE;
  assert.deepEqual(visitor(session()), { id: first.id, isNew: false });
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
  const { id } = visitor(session());
  write("user", "u1");
  forget();
  assert.notEqual(visitor(session()).id, id);
  assert.equal(read("user"), null);
});

test("what may not be stored lasts as long as the page, and is gone from the browser", () => {
  const stored: Record<string, string> = { hw_id: "old" };
  const localStorage = {
    getItem: (name: string) => stored[name] ?? null,
    setItem: (name: string, value: string) => void (stored[name] = value),
    removeItem: (name: string) => void delete stored[name],
  };
  Object.assign(globalThis, { localStorage });
  allowStorage(false);
  write("s", "1");
  assert.deepEqual([read("id"), read("s"), stored["hw_s"]], [null, "1", undefined]);
  write("id", null);
  assert.deepEqual(stored, {});
  allowStorage(true);
  write("s", "2");
  assert.deepEqual([read("s"), stored["hw_s"]], ["2", "2"]);
  delete (globalThis as { localStorage?: unknown }).localStorage;
});
