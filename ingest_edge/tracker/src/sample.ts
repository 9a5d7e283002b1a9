// Whether a session is recorded: asked before the part that records is loaded, and again by it.
import type { Core } from "./core.ts";

/** Tells whether the session may be recorded: the visitor has said yes, and it is one of the sample. */
export function isRecorded({ options: { recording, enableRecording }, out }: Core): boolean {
  if (!recording || enableRecording === false || out.consent !== "granted") return false;
  // Its end is random: every tab and every page of the session draws the same. Cookieless visitors have no id.
  const id = out.common()["client_session_id"] as string | undefined;
  return !!id && parseInt(id.slice(-6), 16) % 100 < recording.sample_percent;
}
