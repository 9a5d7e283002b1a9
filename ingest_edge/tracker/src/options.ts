// What the page and the site say about tracking: the script's attributes, then what the edge injects, then init().

/** Put in front of the script by the edge (routes/service.py). */
declare const __headwater: Injected | undefined;

interface Injected {
  key: string;
  respect_dnt: boolean;
  cookieless?: Options["cookieless"];
  tracker?: Partial<Options>;
}

/** How a site records sessions. */
export interface Recording {
  /** Share of sessions, 0 to 100. */
  sample_percent: number;
  /** A whole snapshot of the page again after so long; 0: never. */
  snapshot_seconds?: number;
}

export type Values = Record<string, unknown>;
export type Consent = "granted" | "denied" | "pending";

/** One event as it is sent, named as the columns are. */
export interface Event {
  event_name: string;
  properties?: Values;
  [column: string]: unknown;
}

export interface Options {
  key: string;
  /** Where batches go: the edge's `/e`, or what the site renamed it to. */
  endpoint: string;
  /** Events, and ms, after which a batch is sent. */
  batchSize: number;
  batchInterval: number;
  respectDnt: boolean;
  /** Driven browsers and localhost are not counted unless these say so. */
  captureAutomation: boolean;
  captureLocalhost: boolean;
  debug: boolean;
  /** "pending" holds everything in memory until consent() is called. */
  consent?: Consent;
  /** Counts without any id in the browser: always, or where consent is denied. As the site's setting says, which the edge acts on. */
  cookieless?: "always" | "on_reject";
  /** Page views on changes of the address without a load; `hash` counts the fragment too. */
  spa: boolean;
  hash: boolean;
  scroll: boolean;
  links: boolean;
  forms: boolean;
  video: boolean;
  errors: boolean;
  vitals: boolean;
  /** Rage, dead and error clicks. */
  friction: boolean;
  /** Raw clicks, for heatmaps and for friction judged again later. */
  clicks: boolean;
  /** Pointer moves for heatmaps, sampled. */
  moves: boolean;
  /** Records sessions of visitors who agreed: what the site is set to. Not on pages where `enableRecording` is false. */
  recording?: Recording;
  enableRecording?: boolean;
  /** May change an event, or drop it by returning null. */
  beforeSend?: (event: Event) => Event | null;
}

const SWITCHES = "spa scroll links forms video errors vitals friction clicks".split(" ");

/** Returns the options as they stand before init(). `script` is null where the customer bundles the tracker. */
export function optionsOf(script: HTMLScriptElement | null, search: string): Options {
  const given: Partial<Injected> = typeof __headwater === "undefined" ? {} : __headwater!;
  const options: Values = { key: given.key, batchSize: 10, batchInterval: 5000, respectDnt: given.respect_dnt };
  options["cookieless"] = given.cookieless;
  for (const name of SWITCHES) options[name] = true;
  const { apiKey, endpoint, ...data } = { ...script?.dataset };
  // data-clicks and data-clicks="true" switch on, "false" off; numbers are numbers, the rest is text.
  for (const name in data) {
    const text = data[name]!;
    options[name] = text === "" || text === "true" || (text !== "false" && (Number(text) || text));
  }
  return {
    ...options,
    ...(apiKey && { key: apiKey }),
    endpoint: new URL(endpoint || "/e", script?.src || location.href).href,
    debug: /[?&]__debug=1/.test(search),
    ...given.tracker,
  } as Options;
}

/** Returns why nothing may be sent or stored, or "" if it may. */
export function reasonForSilence(options: Options, browser: Navigator, host: string): string {
  if ((browser as { globalPrivacyControl?: boolean }).globalPrivacyControl) return "GPC";
  if (options.respectDnt !== false && browser.doNotTrack === "1") return "DNT";
  if (browser.webdriver && !options.captureAutomation) return "captureAutomation is off";
  if (/^(localhost|127(\.\d+){3}|\[::1\])$/.test(host) && !options.captureLocalhost)
    return "captureLocalhost is off";
  return options.key ? "" : "no key";
}
