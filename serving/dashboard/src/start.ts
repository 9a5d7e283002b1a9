// Runs in <head>, before any style or bundle: colours without a flash, and the first questions under way.

import { postQueries } from './api.ts';
import { questionsOf } from './questions.ts';
import { parseView } from './view.ts';
import { chosenTheme, lastSite } from './memory.ts';

declare global {
  interface Window {
    headwaterStart?: Start | undefined;
  }
}

export interface Start {
  /** The questions asked, as JSON, and their answer; null while no site is known. */
  readonly asked: string | null;
  readonly batch: Promise<Response> | null;
  readonly sites: Promise<Response>;
}

function start(): Start {
  const theme = chosenTheme();
  if (theme) document.documentElement.dataset.theme = theme;
  const view = parseView(location.search);
  const site = view.site ?? lastSite();
  const questions = site ? questionsOf(view, site) : null;
  return {
    asked: questions && JSON.stringify(questions),
    batch: questions && quietly(postQueries(questions)),
    sites: quietly(fetch('/api/v1/sites')),
  };
}

// The bundle handles a failure when it looks; until then it is not an unhandled rejection.
function quietly<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

window.headwaterStart = start();
