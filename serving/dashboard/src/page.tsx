// The whole page: bar, board, panels, foot; or the one letter that says why not.

import { Board } from './board.tsx';
import { Chips, Header } from './header.tsx';
import { periodLabel } from './labels.ts';
import { Install, NoSites, NotSignedIn, UnknownSite, Unreachable } from './letters.tsx';
import { board, obstacle, site, siteInfo, sites } from './model.ts';
import { Panel } from './panel.tsx';
import { PANELS } from './questions.ts';
import { view } from './router.ts';

export function Page() {
  return (
    <>
      <a class="skip" href="#numbers">Skip to the numbers</a>
      <Header />
      <main id="numbers" tabIndex={-1}>
        <h1 class="unseen">{siteInfo.value?.name || site.value || 'Headwater'}: overview</h1>
        <Body />
      </main>
      <Foot />
    </>
  );
}

function Body() {
  const problem = obstacle.value;
  if (problem?.status === 401) return <NotSignedIn />;
  if (problem && !board.value?.answer) return <Unreachable problem={problem} />;
  if (sites.value?.length === 0) return <NoSites />;
  if (site.value && sites.value && !siteInfo.value) return <UnknownSite name={site.value} />;
  if (site.value && isEmpty()) return <Install site={site.value} period={periodLabel(view.value.period)} />;
  return (
    <>
      <Chips />
      <Board />
      <div class="panels">
        {PANELS.map((plan) => (
          <Panel key={plan.title} plan={plan} />
        ))}
      </div>
    </>
  );
}

/** True when the answer is there and counts nothing at all, without a filter that would explain it. */
function isEmpty(): boolean {
  const totals = board.value?.answer?.totals.metrics;
  return view.value.filters.length === 0 && totals !== undefined && totals.every((figure) => !figure);
}

function Foot() {
  return (
    <footer class="foot">
      <span>Countries by <a href="https://db-ip.com" rel="noopener">IP Geolocation by DB-IP</a> (<a href="https://creativecommons.org/licenses/by/4.0/" rel="noopener license">CC BY 4.0</a>)</span>
      <a href="/docs">API</a>
    </footer>
  );
}
