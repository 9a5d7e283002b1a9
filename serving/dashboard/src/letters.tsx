// Whole-page messages: what stands in the way of numbers, and what to do about it.

import { useState } from 'preact/hooks';
import { sites } from './model.ts';
import type { Problem } from './problem.ts';
import { hrefOf } from './router.ts';
import { RequestId, Retry } from './states.tsx';

export function NotSignedIn() {
  return (
    <div class="letter">
      <h1>You are not signed in</h1>
      <p>
        This page opens with a one-time link, which <code>headwater open</code> prints on the machine that runs Headwater. A used or old
        link is no loss: run the command again.
      </p>
      <Command text=".venv/bin/headwater open" />
    </div>
  );
}

export function Unreachable({ problem }: { problem: Problem }) {
  return (
    <div class="letter" role="alert">
      <h1>{problem.message}</h1>
      <p>{problem.detail || 'The page could not ask which sites there are.'}</p>
      <p><RequestId problem={problem} /></p>
      <div><Retry /></div>
    </div>
  );
}

export function NoSites() {
  return (
    <div class="letter">
      <h1>No site yet</h1>
      <p>Create the first one. The command says what comes next.</p>
      <Command text="headwater sites create my-site --host example.com" />
      <div><Retry /></div>
    </div>
  );
}

export function UnknownSite({ name }: { name: string }) {
  return (
    <div class="letter">
      <h1>There is no site “{name}”</h1>
      <p>It may have another name, or you may not have been given it. You can see:</p>
      <ul>
        {sites.value?.map((one) => (
          <li key={one.site}><a href={hrefOf({ site: one.site, filters: [] })}>{one.name || one.site}</a></li>
        ))}
      </ul>
    </div>
  );
}

/** For a site without a single event in the period: how to get some. */
export function Install({ site, period }: { site: string; period: string }) {
  return (
    <div class="letter">
      <h1>No data in this period</h1>
      <p>
        Nothing was recorded for this site ({period.toLowerCase()}). Choose a longer period above, or, if the site is new, install the snippet.
        This page shows the first visitor some seconds after the visit.
      </p>
      <ol>
        <li>
          Create a write key. The command prints it once, with the snippet filled in:
          <Command text={`headwater keys create --site ${site} --kind pub`} />
        </li>
        <li>
          Put the snippet into the <code>&lt;head&gt;</code> of every page. It looks like this:
          <Command text={'<script async src="https://EDGE/s.js?k=KEY"></script>'} />
        </li>
        <li>
          Or send one event from the terminal and watch it arrive:
          <Command text={`headwater send --site ${site}`} />
        </li>
      </ol>
    </div>
  );
}

function Command({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard?.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <pre class="snippet">
      <code>{text}</code>
      <button type="button" class="control" aria-label={`Copy ${text}`} onClick={() => void copy()}>
        {isCopied ? 'Copied' : 'Copy'}
      </button>
    </pre>
  );
}
