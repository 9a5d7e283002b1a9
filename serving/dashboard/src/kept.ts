import { useRef } from 'preact/hooks';
import type { Answer } from './api.ts';

/** The newest answer about a topic, so that a changed period or filter does not blank what is shown. */
export function useKept(topic: string, answer: Answer | null): Answer | null {
  const kept = useRef<{ topic: string; answer: Answer } | null>(null);
  if (answer) kept.current = { topic, answer };
  return kept.current?.topic === topic ? kept.current.answer : null;
}
