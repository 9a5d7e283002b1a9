// A little application in StrictMode, for the test in the browser.
import { createElement as h, StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { tracker } from "headwater-tracker";
import {
  Track,
  TrackableButton,
  TrackableForm,
  TrackableLink,
  TrackerErrorBoundary,
  TrackerProvider,
  usePageTracking,
  useTrackEvent,
} from "headwater-tracker/react";

declare const KEY: string;
declare const ENDPOINT: string;

tracker.init(KEY, { endpoint: ENDPOINT, captureAutomation: true, captureLocalhost: true, scroll: false, vitals: false });

const Broken = () => {
  throw Error("broken in render");
};

const App = () => {
  const [path, setPath] = useState(location.pathname);
  const track = useTrackEvent();
  usePageTracking(path);
  useEffect(() => track("effect"), [track]);
  const go = () => {
    history.pushState({}, "", "/next");
    setPath("/next");
  };
  return h(
    "main",
    null,
    h("button", { id: "go", onClick: go }, "next page"),
    h(Track, { event: "mounted" }),
    h(Track, { event: "once", once: true, key: path }),
    h(Track, { event: "once", once: true }),
    h(Track, { event: "below", when: "visible" }, h("div", { style: { marginTop: 3000 } }, "far below")),
    h(TrackableButton, { id: "button", event: "pressed", props: { a: 1 } }, "press"),
    h(TrackableLink, { id: "link", href: "#there", event: "followed" }, "follow"),
    h(
      TrackableForm,
      { event: "asked", onSubmit: (event) => event.preventDefault() },
      h("input", { name: "email", defaultValue: "ada@private.example" }),
      h("button", { id: "send" }, "send"),
    ),
    h(TrackerErrorBoundary, { fallback: h("p", { id: "fallback" }, "sorry") }, h(Broken)),
  );
};

createRoot(document.getElementById("root")!).render(
  h(StrictMode, null, h(TrackerProvider, { client: tracker }, h(App))),
);
