// The time chart: uPlot draws the lines; words, keys and the box beside the pointer are ours.

import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatBucket, formatBucketShort, formatChange, formatTick, formatValue } from './format.ts';
import type { Notes } from './notes.ts';
import { extremes, labelled, linesOf, type Point } from './series.ts';
import { paletteVersion } from './theme.ts';
import type { Interval } from './view.ts';

interface Props {
  readonly label: string;
  readonly unit: string;
  readonly interval: Interval;
  readonly points: readonly Point[];
  readonly notes: Notes;
}

const KEYS: Record<string, (at: number, last: number) => number> = {
  ArrowLeft: (at) => at - 1,
  ArrowRight: (at) => at + 1,
  Home: () => 0,
  End: (_, last) => last,
};

export function Chart(props: Props) {
  const { points, interval, unit, label, notes } = props;
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [at, setAt] = useState<number | null>(null);
  const [spoken, setSpoken] = useState('');
  const shape = [label, unit, interval, paletteVersion.value, points.map((point) => point.bucket), [...notes.keys()]].join();

  useEffect(() => {
    const element = holder.current;
    if (!element) return;
    const drawn = draw(element, props, setAt);
    plot.current = drawn;
    const resized = new ResizeObserver(() => drawn.setSize(sizeOf(element)));
    resized.observe(element);
    return () => {
      resized.disconnect();
      drawn.destroy();
      plot.current = null;
      setAt(null);
    };
  }, [shape]);

  useEffect(() => plot.current?.setData(dataOf(points)), [points]);

  const onKeyDown = (event: KeyboardEvent) => {
    const last = points.length - 1;
    const move = KEYS[event.key];
    if (event.key === 'Escape') setAt(null);
    if (!move) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(last, move(at ?? (event.key === 'ArrowLeft' ? last + 1 : -1), last)));
    moveCursor(plot.current, next);
    setAt(next);
    setSpoken(sentence(points[next]!, props, notes.get(next)));
  };

  const point = at === null ? undefined : points[at];
  return (
    <>
      <div
        class="chart"
        ref={holder}
        role="img"
        tabIndex={0}
        aria-label={summary(props)}
        aria-roledescription="chart, arrow keys move along it"
        onKeyDown={onKeyDown}
        onBlur={() => setAt(null)}
      >
        {point && plot.current && <PointBox point={point} left={leftOf(plot.current, at!)} chart={props} notes={notes.get(at!)} />}
      </div>
      <p class="unseen" aria-live="polite">{spoken}</p>
    </>
  );
}

const NOTES_SHOWN = 3;

interface BoxProps {
  readonly point: Point;
  readonly left: number;
  readonly chart: Props;
  readonly notes: readonly string[] | undefined;
}

function PointBox({ point, left, chart, notes = [] }: BoxProps) {
  const width = 208;
  const holder = document.querySelector('.chart')?.clientWidth ?? 0;
  const side = left + width + 24 > holder ? left - width - 8 : left + 14;
  return (
    <div class="point" style={{ left: `${Math.max(0, side)}px`, width: `${width}px` }}>
      <dl>
        <dt>{formatBucket(point.bucket, chart.interval)}</dt>
        <dd>{formatValue(point.value, chart.unit)}</dd>
        {point.beforeBucket && (
          <>
            <dt>{formatBucket(point.beforeBucket, chart.interval)}</dt>
            <dd>{formatValue(point.before, chart.unit)}</dd>
          </>
        )}
        {point.change !== null && (
          <>
            <dt>Change</dt>
            <dd>{formatChange(point.change)}</dd>
          </>
        )}
      </dl>
      {point.isIncomplete && <p>Still counting</p>}
      {notes.slice(0, NOTES_SHOWN).map((note, number) => <p class="note" key={number}>{note}</p>)}
      {notes.length > NOTES_SHOWN && <p class="note">and {notes.length - NOTES_SHOWN} more: view as table</p>}
    </div>
  );
}

function draw(holder: HTMLElement, { points, unit, interval, notes }: Props, onPoint: (at: number | null) => void): uPlot {
  const color = (name: string) => colorOf(holder, name);
  const lone = points.length < 3;
  const ink = color('--ink');
  const axis = { stroke: color('--quiet'), font: `12px ${getComputedStyle(holder).fontFamily}`, ticks: { show: false }, border: { show: false } };
  const options: uPlot.Options = {
    ...sizeOf(holder),
    padding: [12, 24, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      move: (drawn, left, top) => [left < 0 ? left : drawn.valToPos(drawn.posToIdx(left), 'x'), top],
      drag: { x: false, y: false, setScale: false },
      points: { size: 8, fill: (_, series) => (series === 2 ? 'transparent' : color('--accent')), width: 0 },
    },
    scales: {
      x: { time: false, range: (_, min, max) => (min === max ? [min - 1, max + 1] : [min, max]) },
      y: { range: (_, _min, max) => [0, (max || 1) * 1.06] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        splits: (drawn) => labelled(points.length, drawn.bbox.width / devicePixelRatio, 76),
        values: (_, splits) => splits.map((at) => formatBucketShort(points[at]?.bucket ?? '', interval)),
      },
      {
        ...axis,
        grid: { stroke: color('--line'), width: 1 },
        size: 52,
        space: 36,
        gap: 8,
        ...(unit in STEPS ? { incrs: STEPS[unit]! } : { incrs: WHOLE }),
        values: (_, splits) => splits.map((value) => formatTick(value, unit)),
      },
    ],
    series: [
      {},
      { stroke: color('--accent'), width: 2, fill: color('--tint'), points: { show: lone } },
      { stroke: color('--before'), width: 1.5, dash: [2, 4], points: { show: lone } },
      { stroke: color('--accent'), width: 2, dash: [6, 5], points: { show: lone } },
    ],
    hooks: {
      setCursor: [(drawn) => drawn.cursor.event && onPoint(drawn.cursor.idx ?? null)],
      draw: [(drawn) => flag(drawn, [...notes.keys()], ink)],
    },
  };
  return new uPlot(options, dataOf(points), holder);
}

/** Mark points with a line from top to bottom and a flag at its head. */
function flag({ ctx, bbox, valToPos }: uPlot, marked: readonly number[], ink: string): void {
  const size = 5 * devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = ink;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([1, 3].map((length) => length * devicePixelRatio));
  for (const at of marked) {
    const x = Math.round(valToPos(at, 'x', true));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.beginPath();
    ctx.moveTo(x - size, bbox.top - size);
    ctx.lineTo(x + size, bbox.top - size);
    ctx.lineTo(x, bbox.top + size);
    ctx.fill();
  }
  ctx.restore();
}

const WHOLE = [1, 2, 5].flatMap((step) => Array.from({ length: 10 }, (_, power) => step * 10 ** power)).sort((a, b) => a - b);
const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 18_000];
const STEPS: Record<string, number[]> = {
  ratio: [0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5],
  ms: SECONDS.map((seconds) => seconds * 1000),
  number: [0.1, 0.2, 0.5, ...WHOLE],
};

function dataOf(points: readonly Point[]): uPlot.AlignedData {
  const { x, before, done, filling } = linesOf(points);
  return [x, done, before, filling];
}

const sizeOf = (holder: HTMLElement) => ({ width: holder.clientWidth, height: holder.clientHeight });
const leftOf = (plot: uPlot, at: number) => plot.valToPos(at, 'x') + plot.over.offsetLeft;

function moveCursor(plot: uPlot | null, at: number): void {
  plot?.setCursor({ left: plot.valToPos(at, 'x'), top: plot.over.clientHeight / 2 });
}

/** Resolve a custom property, light-dark() included, to a colour that a canvas takes. */
function colorOf(holder: HTMLElement, name: string): string {
  const probe = holder.appendChild(document.createElement('i'));
  probe.style.color = `var(${name})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function sentence(point: Point, { interval, unit }: Props, notes: readonly string[] = []): string {
  const before = point.beforeBucket && `, ${formatValue(point.before, unit)} on ${formatBucket(point.beforeBucket, interval)}`;
  const still = point.isIncomplete ? ', still counting' : '';
  return `${formatBucket(point.bucket, interval)}: ${formatValue(point.value, unit)}${still}${before ?? ''}${notes.map((note) => `. Noted: ${note}`).join('')}`;
}

function summary({ label, unit, interval, points, notes }: Props): string {
  const ends = extremes(points);
  const told = (point: Point) => `${formatValue(point.value, unit)} on ${formatBucket(point.bucket, interval)}`;
  const found = ends ? ` Highest ${told(ends.high)}, lowest ${told(ends.low)}.` : '';
  const noted = [...notes.keys()].map((at) => formatBucket(points[at]!.bucket, interval)).join('; ');
  return `${label} by ${interval}, ${points.length} points.${found}${noted && ` Noted on ${noted}.`}`;
}
