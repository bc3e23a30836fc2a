import { randomInt } from 'node:crypto';
import { unchanged } from './expression.ts';
import { counterKey } from './keys.ts';
import { type Get, getItem } from './read.ts';
import { type Step, update } from './step.ts';

/** What is counted of an app, and only while its limit of the same name is set. */
export type Counted = 'users' | 'groups';

/** One shard of an app's counters. A single one may be anything, below 0 too: only the sum means something. */
export interface Counter extends Partial<Record<Counted, number>> {
  /** When operators last counted again (ms), on the first shard. */
  recounted?: number;
}

/** Writers choose one at random, so that two registrations share an item in one case of eight. */
export const SHARDS = 8;

/** All shards, for the first round trip of a call that needs a total. */
export const countersOf = (app: string): Get<Counter | undefined>[] =>
  Array.from({ length: SHARDS }, (_, shard) => getItem<Counter>(counterKey(app, shard)));

/** Users or groups of the app as the shards together have it. Exact only from a recount on. */
export const totalOf = (records: readonly (Counter | undefined)[], counted: Counted): number =>
  records.reduce((total, counter) => total + (counter?.[counted] ?? 0), 0);

/** Counts `by` more (or fewer, below 0). Only for apps whose limit of that name is set. */
export const countStep = (app: string, counted: Counted, by: number, shard = randomInt(SHARDS)): Step =>
  update(counterKey(app, shard), { add: { [counted]: by } });

/**
 * Puts totals right by what they are off, so that what is counted meanwhile stays counted.
 * Refused where another recount has done so since the shards were read.
 */
export const correctionStep = (
  app: string,
  shards: readonly (Counter | undefined)[],
  off: Partial<Record<Counted, number>>,
  now: number,
): Step => update(counterKey(app, 0), { add: off, set: { recounted: now } }, unchanged(shards[0], 'recounted'));
