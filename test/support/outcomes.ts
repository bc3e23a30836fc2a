import type { Answer, Outcome } from './api.ts';

/** The outcomes of answers in an order of their own: successes first, then errors by name. */
export function outcomes(answers: readonly Answer[]): Outcome[] {
  const all = answers.map(({ outcome }) => outcome);
  return [...all.filter((one) => one === 'success'), ...all.filter((one) => one !== 'success').sort()];
}

export const times = (count: number, outcome: Outcome): Outcome[] => Array.from({ length: count }, () => outcome);
