import { all, matches } from './expression.ts';
import type { Key } from './keys.ts';
import { type Item, keyText } from './read.ts';
import { check, type Step } from './step.ts';
import { sumStep } from './write-queue.ts';

/** Proves in a transaction that an item is there and has these values. */
export const requires = (key: Key, equal: Item): Step => ({ ...check(key, matches(equal)), equal });

/**
 * The steps with further checks. A transaction holds no item twice: where a step writes the item of a check, the check
 * becomes part of the condition of that step.
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
  // What a sum proves must stay in the form that the queue adds up.
  if (step.sum && equal)
    return { ...step, ...sumStep(step.key, { ...step.sum, equal: { ...step.sum.equal, ...equal } }) };
  if (step.sum || !condition) throw new Error(`${keyText(step.key)}: this check cannot be part of its write`);
  return { ...step, condition: step.condition ? all(step.condition, condition) : condition };
}
