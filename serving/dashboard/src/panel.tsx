// One table: where each row leads is a filter.

import type { Answer, Row } from './api.ts';
import { formatShort, formatValue } from './format.ts';
import { dimensionLabel, valueLabel } from './labels.ts';
import { cache, definitions, site } from './model.ts';
import { isLong, panelQuestion, tabOf, type PanelPlan, type Tab } from './questions.ts';
import { hrefOf, view } from './router.ts';
import { Bones, Empty, Failed } from './states.tsx';
import { useKept } from './kept.ts';
import { withFilter } from './view.ts';

export function Panel({ plan }: { plan: PanelPlan }) {
  const tab = tabOf(view.value, plan);
  const entry = cache.entry(panelQuestion(view.value, site.value ?? '', plan)).value;
  const shown = useKept(`${site.value} ${tab.dimension}`, entry.answer);
  const isStale = shown !== null && entry.answer === null;
  return (
    <section class="panel" aria-label={plan.title}>
      <header class="panel-head">
        <h2>{plan.title}</h2>
        {plan.tabs.length > 1 && <Tabs plan={plan} current={tab} />}
      </header>
      <div class="panel-body" data-stale={isStale || undefined} aria-busy={entry.isLoading} data-long={isLong(view.value, tab) || undefined}>
        {entry.problem && !entry.answer ? (
          <Failed problem={entry.problem} />
        ) : shown === null ? (
          <Bones rows={8} />
        ) : shown.rows.length === 0 ? (
          <NoRows tab={tab} />
        ) : (
          <Table tab={tab} rows={shown.rows} />
        )}
      </div>
      {shown && <More tab={tab} answer={shown} />}
    </section>
  );
}

function Tabs({ plan, current }: { plan: PanelPlan; current: Tab }) {
  const others = view.value.tabs.filter((name) => !plan.tabs.some((tab) => tab.dimension === name));
  return (
    <nav class="tabs" aria-label={`${plan.title}: break down by`}>
      {plan.tabs.map((tab, at) => (
        <a
          key={tab.dimension}
          href={hrefOf({ tabs: at === 0 ? others : [...others, tab.dimension] })}
          aria-current={tab === current ? 'true' : undefined}
        >
          {tab.label}
        </a>
      ))}
    </nav>
  );
}

function Table({ tab, rows }: { tab: Tab; rows: readonly Row[] }) {
  const most = Math.max(...rows.map((row) => Number(row.metrics[0] ?? 0)), 1e-9);
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{dimensionLabel(tab.dimension)}</th>
          {tab.metrics.map((name, at) => (
            <th scope="col" class={at === 2 ? 'number third' : 'number'} key={name}>
              {definitions.value.get(name)?.label ?? name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Line key={row.dimensions[0]} tab={tab} row={row} share={Number(row.metrics[0] ?? 0) / most} />
        ))}
      </tbody>
    </table>
  );
}

function Line({ tab, row, share }: { tab: Tab; row: Row; share: number }) {
  const value = row.dimensions[0] ?? null;
  const text = valueLabel(tab.dimension, value);
  const bar = <i class="share" style={{ width: `${share * 100}%` }} />;
  return (
    <tr>
      <td>
        {bar}
        <a class="label" href={hrefOf(withFilter(view.value, tab.dimension, value))} title={text}>
          <span>{text}</span>
          <span class="unseen">: show only this</span>
        </a>
      </td>
      {tab.metrics.map((name, at) => {
        const unit = definitions.value.get(name)?.unit ?? 'count';
        const figure = row.metrics[at] ?? null;
        return (
          <td key={name} class={at === 0 ? '' : at === 2 ? 'lesser third' : 'lesser'} title={formatValue(figure, unit)}>
            {formatShort(figure, unit)}
          </td>
        );
      })}
    </tr>
  );
}

function NoRows({ tab }: { tab: Tab }) {
  const hasFilters = view.value.filters.length > 0;
  return (
    <Empty title={hasFilters ? 'Nothing matches' : 'Nothing here yet'}>
      <p>{hasFilters ? 'No row of this period fits the filters.' : tab.empty}</p>
      {hasFilters && <a href={hrefOf({ filters: [] })}>Remove all filters</a>}
    </Empty>
  );
}

function More({ tab, answer }: { tab: Tab; answer: Answer }) {
  const others = view.value.long.filter((name) => name !== tab.dimension);
  if (isLong(view.value, tab)) {
    return <p class="panel-foot"><a href={hrefOf({ long: others })}>Show fewer</a></p>;
  }
  if (!answer.next_cursor) return null;
  return (
    <p class="panel-foot">
      <a href={hrefOf({ long: [...others, tab.dimension] })} aria-label={`Show more rows by ${dimensionLabel(tab.dimension)}`}>
        Show more
      </a>
    </p>
  );
}
