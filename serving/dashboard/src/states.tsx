// What a panel shows when it has no rows: waiting, nothing there, or gone wrong.

import type { ComponentChildren } from 'preact';
import { askAgain } from './model.ts';
import type { Problem } from './problem.ts';

export function Bones({ rows }: { rows: number }) {
  const widths = ['72%', '58%', '64%', '40%', '46%', '30%', '36%', '24%', '28%'];
  return (
    <div class="bones" role="status" aria-label="Loading">
      {widths.slice(0, rows).map((width) => (
        <span class="bone" style={{ width }} key={width} />
      ))}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="state">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

export function Failed({ problem }: { problem: Problem }) {
  return (
    <div class="state" role="alert">
      <strong>{problem.message}</strong>
      {problem.detail && <p>{problem.detail}</p>}
      {problem.fixes.map((fix) => (
        <p key={fix}>{fix}</p>
      ))}
      <Retry />
      <RequestId problem={problem} />
    </div>
  );
}

/** A line above numbers that could not be renewed. */
export function Stale({ problem, since }: { problem: Problem; since: string | null }) {
  return (
    <div class="notice" role="status">
      <strong>{problem.message}.</strong>
      <span>{since ? `These are the numbers of ${since}.` : problem.detail}</span>
      <RequestId problem={problem} />
      <Retry />
    </div>
  );
}

export const Retry = () => (
  <button type="button" class="control" onClick={() => void askAgain()}>
    Try again
  </button>
);

export const RequestId = ({ problem }: { problem: Problem }) =>
  problem.requestId ? <small>request {problem.requestId}</small> : null;
