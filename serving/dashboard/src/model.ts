// What the page knows and when it asks again.

import { computed, effect, signal } from '@preact/signals';
import { get, outcomesOf, postQueries, type Annotation, type Answer, type Definition, type Query, type Realtime, type Site } from './api.ts';
import { keepSite, lastSite } from './memory.ts';
import { Problem, problemOf, read } from './problem.ts';
import { QueryCache } from './query_cache.ts';
import { questionsOf } from './questions.ts';
import { show, view } from './router.ts';

/** Asked again after this, or after eight times what the last answer took, so that a slow server gets rest. */
const REFRESH_MS = 5_000;
const PATIENCE = 8;

export const sites = signal<readonly Site[] | null>(null);
/** What keeps the whole page from being shown: not signed in, or no list of sites. */
export const obstacle = signal<Problem | null>(null);
export const realtime = signal<Realtime | null>(null);
export const cache = new QueryCache<Query, Answer>(askAll);

export const site = computed(() => view.value.site);
export const questions = computed(() => (site.value ? questionsOf(view.value, site.value) : []));
export const board = computed(() => {
  const [question] = questions.value;
  return question ? cache.entry(question).value : null;
});

/** What the site has noted on the days of the chart. */
export const annotations = signal<readonly Annotation[]>([]);
const annotationsPath = computed(() => {
  const meta = board.value?.answer?.meta;
  return site.value && meta ? pathOfNotes(site.value, meta) : null;
});

/** Label, sentence and unit of each metric that any answer so far has defined. */
export const definitions = signal<ReadonlyMap<string, Definition>>(new Map());

export const siteInfo = computed(() => sites.value?.find((one) => one.site === site.value) ?? null);
export const timeZone = computed(() => siteInfo.value?.timezone ?? 'UTC');

async function askAll(asked: readonly Query[], stop: AbortSignal): Promise<(Answer | Problem)[]> {
  const outcomes = await outcomesOf(await (takeStarted(asked) ?? postQueries(asked, stop))).catch(notSignedIn);
  for (const outcome of outcomes) if (!(outcome instanceof Error)) learn(outcome.meta.definitions);
  return outcomes;
}

/** Let a refused request keep the whole page, for signing in is the only way on. */
function notSignedIn(reason: unknown): never {
  if (reason instanceof Problem && reason.status === 401) obstacle.value = reason;
  throw reason;
}

let startedBatch = window.headwaterStart?.batch ?? null;
let startedSites = window.headwaterStart?.sites ?? null;

/** The batch that <head> asked for, once, and only if it is the one wanted now. */
function takeStarted(asked: readonly Query[]): Promise<Response> | null {
  const batch = startedBatch;
  startedBatch = null;
  return window.headwaterStart?.asked === JSON.stringify(asked) ? batch : null;
}

function learn(defined: readonly Definition[]): void {
  const known = definitions.peek();
  if (defined.every((one) => known.has(one.name))) return;
  definitions.value = new Map([...known, ...defined.map((one) => [one.name, one] as const)]);
}

/** Ask everything on the screen once more. */
export async function askAgain(): Promise<void> {
  if (obstacle.peek() || sites.peek() === null) await loadSites();
  await cache.want(questions.peek(), true);
}

/** List the sites; when the address names none, show the last one seen, or the first. */
export async function loadSites(): Promise<void> {
  const response = startedSites ?? fetch('/api/v1/sites');
  startedSites = null;
  try {
    sites.value = (await read<{ sites: Site[] }>(await response)).sites;
    obstacle.value = null;
  } catch (reason) {
    obstacle.value = problemOf(reason);
    return;
  }
  const ids = sites.value.map((one) => one.site);
  const last = lastSite();
  if (!view.peek().site && ids.length > 0) show({ site: last && ids.includes(last) ? last : ids[0]! }, true);
}

async function loadRealtime(): Promise<void> {
  const asked = site.peek();
  if (!asked) return;
  try {
    const answer = await get<Realtime>(`/api/v1/sites/${encodeURIComponent(asked)}/realtime`);
    if (asked === site.peek()) realtime.value = answer;
  } catch {
    realtime.value = null;
  }
}

/** Notes ahead of the newest figures belong to no point of the chart yet. */
function pathOfNotes(of: string, { period, as_of }: Answer['meta']): string {
  const dateOf = (at: number) => new Date(at).toLocaleDateString('sv-SE', { timeZone: period.timezone });
  const last = Math.min(Date.parse(period.end) - 1, as_of === null ? Infinity : Date.parse(as_of));
  const days = `from=${dateOf(Date.parse(period.start))}&to=${dateOf(Math.max(last, Date.parse(period.start)))}`;
  return `/api/v1/sites/${encodeURIComponent(of)}/annotations?${days}`;
}

async function loadAnnotations(path: string | null): Promise<void> {
  annotations.value = [];
  if (!path) return;
  try {
    const answer = await get<{ annotations: Annotation[] }>(path);
    if (path === annotationsPath.peek()) annotations.value = answer.annotations;
  } catch {
    // The figures stand without them.
  }
}

/** Do it again and again while the tab is visible. */
function whileVisible(task: () => Promise<void>): void {
  let timer = 0;
  const round = async (): Promise<void> => {
    clearTimeout(timer);
    if (document.hidden) return;
    const began = performance.now();
    await task();
    clearTimeout(timer);
    timer = window.setTimeout(round, Math.max(REFRESH_MS, (performance.now() - began) * PATIENCE));
  };
  document.addEventListener('visibilitychange', () => void round());
  timer = window.setTimeout(round, REFRESH_MS);
}

/** Ask once more what may have changed, and what failed. */
async function refresh(): Promise<void> {
  if (obstacle.peek() && obstacle.peek()?.status !== 401) await loadSites();
  const mayChange = board.peek()?.answer?.meta.provisional ?? true;
  await cache.want(questions.peek(), mayChange);
}

/** Start asking; everything after this follows from the address and the clock. */
export function begin(): void {
  void loadSites();
  effect(() => {
    void cache.want(questions.value);
  });
  effect(() => {
    realtime.value = null;
    if (site.value) keepSite(site.value);
    void loadRealtime();
  });
  effect(() => void loadAnnotations(annotationsPath.value));
  effect(() => {
    const name = siteInfo.value?.name || site.value;
    document.title = name ? `${name} · Headwater` : 'Headwater';
  });
  whileVisible(loadRealtime);
  whileVisible(refresh);
}
