// Tiles and the chart they choose.

import { useRef } from 'preact/hooks';
import type { Answer, Definition, Figure } from './api.ts';
import { Chart } from './chart.tsx';
import { formatBucket, formatChange, formatClock, formatDate, formatShort, formatValue } from './format.ts';
import { Info, LineSample } from './icons.tsx';
import { useKept } from './kept.ts';
import { COMPARISONS, INTERVALS, metricLabel, periodLabel } from './labels.ts';
import { annotations, board, definitions, site, timeZone } from './model.ts';
import { notesOf, type Notes } from './notes.ts';
import { Popover } from './popover.tsx';
import { intervalOf, intervalsFor, TILES } from './questions.ts';
import { show, view } from './router.ts';
import { pointsOf, type Point } from './series.ts';
import { Failed, Stale } from './states.tsx';
import type { Interval } from './view.ts';

/** More of these is worse; the colour of a change says so, its sign stays what it is. */
const WORSE_WHEN_MORE: ReadonlySet<string> = new Set(['bounce_rate']);

export function Board() {
  const entry = board.value;
  const answer = useKept(site.value ?? '', entry?.answer ?? null);
  const problem = entry?.problem ?? null;
  const isStale = answer !== null && !entry?.answer;
  return (
    <>
      <Announcement answer={entry?.answer ?? null} />
      {problem && answer && <Stale problem={problem} since={answer.meta.as_of && clock(answer.meta.as_of)} />}
      <section class="board" aria-label="Overview" aria-busy={entry?.isLoading}>
        {problem && !answer ? (
          <Failed problem={problem} />
        ) : (
          <div data-stale={isStale || undefined}>
            <Tiles answer={answer} />
            {answer ? <Series answer={answer} /> : <ChartBones />}
            {answer && <Freshness answer={answer} />}
          </div>
        )}
      </section>
    </>
  );
}

/** Say the result of a changed view, once; what rises by itself afterwards stays quiet. */
function Announcement({ answer }: { answer: Answer | null }) {
  const said = useRef({ about: '', text: '' });
  const about = JSON.stringify([site.value, view.value.period, view.value.filters]);
  if (answer && said.current.about !== about) {
    const figure = formatValue(answer.totals.metrics[0] ?? null, 'count');
    const filters = view.value.filters.length ? ', filtered' : '';
    said.current = { about, text: `${periodLabel(view.value.period)}${filters}: ${figure} visitors` };
  }
  return <p class="unseen" aria-live="polite">{said.current.text}</p>;
}

function Tiles({ answer }: { answer: Answer | null }) {
  return (
    <div class="tiles">
      {TILES.map((name) => (
        <Tile key={name} name={name} answer={answer} definition={definitions.value.get(name)} />
      ))}
    </div>
  );
}

function Tile({ name, answer, definition }: { name: string; answer: Answer | null; definition: Definition | undefined }) {
  const isChosen = view.value.metric === name;
  const at = answer?.query.metrics.indexOf(name) ?? -1;
  const figure = answer?.totals.metrics[at] ?? null;
  const unit = definition?.unit ?? 'count';
  return (
    <div class="tile" data-chosen={isChosen || undefined} data-metric={name}>
      <div class="tile-head">
        <button type="button" class="tile-name" aria-pressed={isChosen} onClick={() => show({ metric: name })}>
          {definition?.label ?? metricLabel(name)}
        </button>
        {definition && <Meaning definition={definition} />}
      </div>
      <div class="tile-value" title={formatValue(figure, unit)}>
        {answer ? formatShort(figure, unit) : <span class="bone figure" />}
      </div>
      <div class="tile-change">{answer && <Change name={name} answer={answer} at={at} unit={unit} />}</div>
    </div>
  );
}

function Meaning({ definition }: { definition: Definition }) {
  return (
    <Popover label={<Info />} buttonClass="what" buttonName={`What is ${definition.label}?`} popClass="definition">
      <strong>{definition.label}</strong>
      <span>{definition.definition}</span>
    </Popover>
  );
}

function Change({ name, answer, at, unit }: { name: string; answer: Answer; at: number; unit: string }) {
  const compared = answer.totals.comparison;
  if (!compared) return null;
  const before = compared.metrics[at] ?? null;
  const change = compared.change[at] ?? null;
  if (before === null) return null;
  return (
    <>
      {change !== null && <Judged name={name} change={change} />} <span>from {formatShort(before, unit)}</span>
    </>
  );
}

function Judged({ name, change }: { name: string; change: number }) {
  const judged = change === 0 ? undefined : change > 0 === WORSE_WHEN_MORE.has(name) ? 'bad' : 'good';
  return <b class="change" data-judged={judged}>{formatChange(change)}</b>;
}

function Series({ answer }: { answer: Answer }) {
  const { metric, asTable } = view.value;
  const name = answer.query.metrics.includes(metric) ? metric : TILES[0];
  const definition = definitions.value.get(name);
  const points = pointsOf(answer, name);
  const chart = {
    label: definition?.label ?? metricLabel(name),
    unit: definition?.unit ?? 'count',
    interval: intervalOf(view.value),
    points,
    notes: notesOf(annotations.value, points),
  };
  return (
    <figure aria-label={`${chart.label} over time`}>
      <div class="chart-head">
        <h2>{chart.label}</h2>
        {!asTable && <Legend answer={answer} points={points} hasNotes={chart.notes.size > 0} />}
        <span class="spring" />
        <IntervalSwitch />
        <button type="button" class="control plain" aria-pressed={asTable} onClick={() => show({ asTable: !asTable })}>
          {asTable ? 'View as chart' : 'View as table'}
        </button>
      </div>
      {asTable ? <ChartTable {...chart} /> : <Chart {...chart} />}
    </figure>
  );
}

function Legend({ answer, points, hasNotes }: { answer: Answer; points: readonly Point[]; hasNotes: boolean }) {
  return (
    <ul class="legend">
      <li><LineSample color="--accent" /> {periodLabel(view.value.period)}</li>
      {answer.totals.comparison && (
        <li><LineSample color="--before" dash="2 3" /> {COMPARISONS[view.value.compare]}</li>
      )}
      {points.some((point) => point.isIncomplete) && (
        <li><LineSample color="--accent" dash="5 4" /> Still counting</li>
      )}
      {hasNotes && <li><span class="flag" aria-hidden="true">▾</span> Noted</li>}
    </ul>
  );
}

function IntervalSwitch() {
  const suitable = intervalsFor(view.value.period);
  if (suitable.length < 2) return null;
  return (
    <select
      class="control plain"
      aria-label="Points of the chart"
      value={intervalOf(view.value)}
      onChange={(event) => show({ interval: event.currentTarget.value as Interval })}
    >
      {suitable.map((interval) => (
        <option key={interval} value={interval}>By {INTERVALS[interval].toLowerCase()}</option>
      ))}
    </select>
  );
}

interface TableProps {
  readonly label: string;
  readonly unit: string;
  readonly interval: Interval;
  readonly points: readonly Point[];
  readonly notes: Notes;
}

function ChartTable({ label, unit, interval, points, notes }: TableProps) {
  const compared = points.some((point) => point.beforeBucket !== null);
  const percent = (change: Figure) => (change === null ? '–' : formatChange(change));
  return (
    <div class="chart-table" tabIndex={0} role="region" aria-label={`${label} as a table`}>
      <table>
        <thead>
          <tr>
            <th scope="col">{INTERVALS[interval]}</th>
            <th scope="col">{label}</th>
            {compared && <th scope="col">{COMPARISONS[view.value.compare]}</th>}
            {compared && <th scope="col">Change</th>}
            {notes.size > 0 && <th scope="col">Noted</th>}
          </tr>
        </thead>
        <tbody>
          {points.map((point, at) => !point.isAhead && (
            <tr key={point.bucket}>
              <td>{formatBucket(point.bucket, interval)}{point.isIncomplete && ' (still counting)'}</td>
              <td>{formatValue(point.value, unit)}</td>
              {compared && <td class="lesser">{formatValue(point.before, unit)}</td>}
              {compared && <td class="lesser">{percent(point.change)}</td>}
              {notes.size > 0 && <td class="noted">{notes.get(at)?.join('; ')}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Freshness({ answer }: { answer: Answer }) {
  const { as_of, provisional, warnings } = answer.meta;
  if (!as_of) return null;
  return (
    <p class="freshness">
      <span>
        Data through <time dateTime={as_of}>{clock(as_of)}</time> ({timeZone.value})
        {provisional ? ', may still change.' : ', final.'}
      </span>
      {warnings.map((warning) => (
        <span key={warning}>{warning}</span>
      ))}
    </p>
  );
}

/** `12:03:10`, with the date unless it is today's on the site's own calendar. */
function clock(instant: string): string {
  const dateOf = (at: Date) => at.toLocaleDateString('sv-SE', { timeZone: timeZone.value });
  const date = dateOf(new Date(instant));
  const time = formatClock(instant, timeZone.value);
  return date === dateOf(new Date()) ? time : `${formatDate(date)}, ${time}`;
}

function ChartBones() {
  return (
    <>
      <div class="chart-head"><span class="bone" style={{ width: '9rem' }} /></div>
      <div class="chart chart-wait" role="status" aria-label="Loading">
        {[3, 2, 1, 0].map((line) => <span class="bone" key={line} />)}
      </div>
      <p class="freshness"><span class="bone" style={{ width: '14rem' }} /></p>
    </>
  );
}
