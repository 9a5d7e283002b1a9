// When nothing may be sent or stored, and what the script's attributes mean.
import assert from "node:assert/strict";
import { test } from "node:test";
import { reasonForSilence, optionsOf, type Options } from "../src/options.ts";

const options = { key: "k", respectDnt: true, captureAutomation: false, captureLocalhost: false } as Options;
const person = { webdriver: false, doNotTrack: null } as unknown as Navigator;
const with_ = (changes: object) => ({ ...person, ...changes }) as Navigator;

test("a person on a public host is counted", () => {
  assert.equal(reasonForSilence(options, person, "shop.example"), "");
});

test("wishes of the visitor come before everything", () => {
  assert.match(reasonForSilence(options, with_({ globalPrivacyControl: true }), "a"), /GPC/);
  assert.match(reasonForSilence(options, with_({ doNotTrack: "1" }), "a"), /DNT/);
  assert.equal(reasonForSilence({ ...options, respectDnt: false }, with_({ doNotTrack: "1" }), "a"), "");
});

test("driven browsers and localhost are not counted unless asked for", () => {
  assert.match(reasonForSilence(options, with_({ webdriver: true }), "a"), /captureAutomation/);
  assert.equal(reasonForSilence({ ...options, captureAutomation: true }, with_({ webdriver: true }), "a"), "");
  for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
    assert.match(reasonForSilence(options, person, host), /captureLocalhost/);
    assert.equal(reasonForSilence({ ...options, captureLocalhost: true }, person, host), "");
  }
  assert.equal(reasonForSilence(options, person, "localhost.example"), "");
});

test("without a key nothing is sent", () => {
  assert.equal(reasonForSilence({ ...options, key: "" }, person, "a"), "no key");
});

test("attributes of the script become options", () => {
  const dataset = { apiKey: "k2", batchSize: "3", clicks: "", spa: "false", captureLocalhost: "false" };
  const script = { src: "https://edge.example/s.js?k=x", dataset } as unknown as HTMLScriptElement;
  const found = optionsOf(script, "?__debug=1");
  assert.equal(found.key, "k2");
  assert.equal(found.endpoint, "https://edge.example/e");
  assert.deepEqual([found.batchSize, found.batchInterval], [3, 5000]);
  assert.deepEqual([found.clicks, found.spa, found.captureLocalhost, found.debug], [true, false, false, true]);
  assert.deepEqual([found.vitals, found.moves], [true, undefined]);
});

test("the site's settings come before the script's attributes", () => {
  const injected = { key: "k1", respect_dnt: false, tracker: { clicks: false, consent: "pending" } };
  Object.assign(globalThis, { __headwater: injected });
  const script = { src: "https://edge.example/s.js", dataset: { clicks: "true" } } as unknown as HTMLScriptElement;
  const found = optionsOf(script, "");
  assert.deepEqual([found.key, found.respectDnt, found.clicks, found.consent], ["k1", false, false, "pending"]);
  delete (globalThis as { __headwater?: unknown }).__headwater;
});
