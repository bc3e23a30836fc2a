import { all, matches } from './expression.ts';
import type { Key } from './keys.ts';
import { type Item, keyText } from './read.ts';
import { check, type Step } from './step.ts';

/** Proves that an item exists and has these values. */
export const requires = (key: Key, equal: Item): Step => ({ ...check(key, matches(equal)), equal });

/**
 * The steps with further checks. A transaction takes each item once, so the check of an item that a step writes becomes
 * part of that step's condition.
 */
export function withProof(steps: readonly Step[], proof: readonly Step[]): Step[] {
  const proven = [...steps];
  for (const one of proof) {
    const at = proven.findIndex(({ key }) => keyText(key) === keyText(one.key));
    if (at < 0) proven.push(one);
    else proven[at] = both(proven[at]!, one);
  }
  return proven;
}

function both(step: Step, { condition, equal }: Step): Step {
  if (step.equal && equal) return requires(step.key, { ...step.equal, ...equal });
  // A sum that proves only values can still be added up by the queue.
  if (!condition || (step.sum && !equal)) throw new Error('this check cannot be part of the write of its item');
  return {
    ...step,
    ...(step.sum && { sum: { ...step.sum, equal: { ...step.sum.equal, ...equal } } }),
    condition: step.condition ? all(step.condition, condition) : condition,
  };
}
