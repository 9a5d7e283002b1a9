// The package as a site installs it: its types, and that a server may import and render it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { tracker, track, type Options } from "headwater-tracker";
import { Track, TrackableButton, TrackerErrorBoundary, TrackerProvider, usePageTracking } from "headwater-tracker/react";

const Page = () => {
  usePageTracking("/here");
  return createElement("p", null, "here");
};

test("a server imports it, calls it and renders with it; nothing happens", () => {
  const options: Pick<Options, "endpoint"> = { endpoint: "https://edge.example/e" };
  tracker.init("key", options);
  track("served", { a: 1 });
  const html = renderToString(
    createElement(
      TrackerProvider,
      { client: tracker },
      createElement(TrackerErrorBoundary, null, createElement(Page)),
      createElement(Track, { event: "seen", when: "visible", once: true }, "seen"),
      createElement(TrackableButton, { event: "buy", type: "button" }, "buy"),
    ),
  );
  assert.equal(html, '<p>here</p><div>seen</div><button type="button">buy</button>');
});

test("a helper without a provider says what is missing", () => {
  assert.throws(() => renderToString(createElement(Page)), /TrackerProvider/);
});

test("the types hold", () => {
  // @ts-expect-error a key and an endpoint are needed
  tracker.init("key");
  // @ts-expect-error not a state
  tracker.consent("maybe");
  // @ts-expect-error an event is needed
  createElement(TrackableButton, { type: "button" });
});
