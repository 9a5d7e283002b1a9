// What the site and the page say about tracking: injected by the edge, then the script's attributes, then init().

/** Put in front of the script by the edge (routes/service.py). */
declare const __headwater: Injected | undefined;

interface Injected {
  key: string;
  respect_dnt: boolean;
  tracker?: Partial<Options>;
}

export interface Event {
  event_name: string;
  [column: string]: unknown;
}

export interface Options {
  key: string;
  endpoint: string;
  batchSize: number;
  batchInterval: number;
  respectDnt: boolean;
  clicks: boolean;
  spa: boolean;
  captureAutomation: boolean;
  captureLocalhost: boolean;
  debug: boolean;
  /** May change an event, or drop it by returning null. */
  beforeSend?: (event: Event) => Event | null;
}

/** Returns the settings as they stand before init(). `script` is null when bundled by the customer. */
export function settingsOf(script: HTMLScriptElement | null, search: string): Options {
  const given: Injected | undefined = typeof __headwater === "undefined" ? undefined : __headwater;
  const data = script?.dataset ?? {};
  const has = (name: string) => name in data && data[name] !== "false";
  return {
    key: data["apiKey"] || given?.key || "",
    endpoint: new URL(data["endpoint"] || "/e", script?.src || location.href).href,
    batchSize: Number(data["batchSize"]) || 10,
    batchInterval: Number(data["batchInterval"]) || 5000,
    respectDnt: given?.respect_dnt !== false,
    clicks: has("clicks"),
    spa: data["spa"] !== "false",
    captureAutomation: has("captureAutomation"),
    captureLocalhost: has("captureLocalhost"),
    debug: /[?&]__debug=1/.test(search),
    ...given?.tracker,
  };
}

/** Returns why nothing may be sent or stored, or "" if it may. */
export function reasonForSilence(options: Options, browser: Navigator, host: string): string {
  const { globalPrivacyControl } = browser as { globalPrivacyControl?: boolean };
  if (globalPrivacyControl) return "Global Privacy Control is on";
  if (options.respectDnt && browser.doNotTrack === "1") return "Do Not Track is on";
  if (browser.webdriver && !options.captureAutomation) return "automated browser (data-capture-automation counts it)";
  if (/^(localhost|127(\.\d+){3}|\[::1\])$/.test(host) && !options.captureLocalhost)
    return "localhost (data-capture-localhost counts it)";
  return options.key ? "" : "no key";
}
