// Who and when: ids of events, visitors and sessions.
import { read, write } from "./storage.ts";

const SESSION_IDLE_MS = 30 * 60_000;
const SESSION_WRITE_MS = 5_000;

/** Returns a UUIDv7: sorts by time. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let time = Date.now();
  for (let i = 6; i--; time = Math.floor(time / 256)) bytes[i] = time % 256;
  bytes[6] = (bytes[6]! & 15) | 112;
  bytes[8] = (bytes[8]! & 63) | 128;
  const hex = Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Returns the visitor's id and whether it was made in the given session. */
export function visitor(session_id: string): { id: string; isNew: boolean } {
  const id = read("id");
  if (id) return { id, isNew: read("new") === session_id };
  const made = uuid();
  write("id", made);
  write("new", session_id);
  return { id: made, isNew: true };
}

/** Returns the browser's session id: shared by all tabs, ends after 30 idle minutes. A hint; the stream decides. */
export function session(): string {
  const now = Date.now();
  const [id, at] = (read("s") || "").split("|");
  const isOpen = id && now - Number(at) < SESSION_IDLE_MS;
  const current = isOpen ? id : uuid();
  if (!isOpen || now - Number(at) > SESSION_WRITE_MS) write("s", current + "|" + now);
  return current;
}

/** Forgets visitor, user and session: the next event is of somebody new. */
export function forget(): void {
  for (const name of ["id", "new", "s", "user"]) write(name, null);
}
