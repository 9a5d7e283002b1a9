// Answers by question. Questions asked in one go travel in one request; what was answered before is
// shown at once while it is asked again; a question nobody looks at any more is given up.

import { signal, type Signal } from '@preact/signals';
import { isAbort, problemOf, type Problem } from './problem.ts';

export interface Entry<A> {
  readonly answer: A | null;
  readonly problem: Problem | null;
  readonly isLoading: boolean;
}

/** One answer or problem for each question, in the order of the questions. */
export type AskAll<Q, A> = (questions: readonly Q[], stop: AbortSignal) => Promise<readonly (A | Problem)[]>;

interface Flight {
  readonly keys: readonly string[];
  readonly controller: AbortController;
}

const KEPT = 60;
const MOST_AT_ONCE = 20;

export class QueryCache<Q, A> {
  private readonly askAll: AskAll<Q, A>;
  private readonly entries = new Map<string, Signal<Entry<A>>>();
  private flights: Flight[] = [];
  private wanted: ReadonlySet<string> = new Set();

  constructor(askAll: AskAll<Q, A>) {
    this.askAll = askAll;
  }

  /** The state of a question; reading it asks nothing. */
  entry(question: Q): Signal<Entry<A>> {
    const key = JSON.stringify(question);
    let entry = this.entries.get(key);
    if (!entry) {
      entry = signal<Entry<A>>({ answer: null, problem: null, isLoading: true });
      this.forgetOldest();
      this.entries.set(key, entry);
    }
    return entry;
  }

  /** Say which questions are on the screen; ask those without an answer, or all to `again`. */
  async want(questions: readonly Q[], again = false): Promise<void> {
    this.wanted = new Set(questions.map((question) => JSON.stringify(question)));
    this.giveUpUnwanted();
    const flying = new Set(this.flights.flatMap((flight) => flight.keys));
    const asked = questions.filter((question) => {
      const entry = this.entry(question).peek();
      return (again || entry.answer === null || entry.problem !== null) && !flying.has(JSON.stringify(question));
    });
    const flights = [];
    for (let at = 0; at < asked.length; at += MOST_AT_ONCE) flights.push(this.fly(asked.slice(at, at + MOST_AT_ONCE)));
    await Promise.all(flights);
  }

  private async fly(questions: readonly Q[]): Promise<void> {
    const flight = { keys: questions.map((one) => JSON.stringify(one)), controller: new AbortController() };
    this.flights.push(flight);
    for (const question of questions) this.put(question, { isLoading: true });
    try {
      const answers = await this.askAll(questions, flight.controller.signal);
      questions.forEach((question, at) => this.settle(question, answers[at]));
    } catch (reason) {
      for (const question of questions) {
        if (isAbort(reason)) this.put(question, { isLoading: this.entry(question).peek().answer === null });
        else this.settle(question, problemOf(reason));
      }
    } finally {
      this.flights = this.flights.filter((one) => one !== flight);
    }
  }

  private settle(question: Q, outcome: A | Problem | undefined): void {
    if (outcome === undefined || outcome instanceof Error) {
      this.put(question, { problem: problemOf(outcome), isLoading: false });
    } else {
      this.put(question, { answer: outcome, problem: null, isLoading: false });
    }
  }

  private put(question: Q, change: Partial<Entry<A>>): void {
    const entry = this.entry(question);
    entry.value = { ...entry.peek(), ...change };
  }

  private giveUpUnwanted(): void {
    for (const flight of this.flights) {
      if (!flight.keys.some((key) => this.wanted.has(key))) flight.controller.abort();
    }
    this.flights = this.flights.filter((flight) => !flight.controller.signal.aborted);
  }

  private forgetOldest(): void {
    for (const key of this.entries.keys()) {
      if (this.entries.size < KEPT) return;
      if (!this.wanted.has(key)) this.entries.delete(key);
    }
  }
}
