import { randomInt } from 'node:crypto';
import type { AppId } from '../ids.ts';
import { unchanged } from './expression.ts';
import { type Get, getItem } from './read.ts';
import type { ItemOf } from './schema.ts';
import * as schema from './schema.ts';
import { type Step, update } from './step.ts';

/** Totals of an app, each counted only while the limit of its name is set. */
export type Counted = 'users' | 'groups';

/** One shard of an app's counters. Only the sum of all shards has a meaning: a single one may be below 0. */
export type Counter = ItemOf<typeof schema.counterShardFields>;

/** Each write chooses a shard at random, so that two registrations share an item in one case of eight. */
export const SHARDS = 8;

/** All shards. */
export const countersOf = (app: AppId): Get<Counter | undefined>[] =>
  Array.from({ length: SHARDS }, (_, shard) => getItem<Counter>(schema.counterShard.key(app, shard)));

/** Users or groups of the app. Exact only after a recount. */
export const totalOf = (records: readonly (Counter | undefined)[], counted: Counted): number =>
  records.reduce((total, counter) => total + (counter?.[counted] ?? 0), 0);

/** Adds `by` to a total. Only for apps whose limit of that name is set. */
export const count = (app: AppId, counted: Counted, by: number, shard = randomInt(SHARDS)): Step =>
  update(schema.counterShard.key(app, shard), { add: { [counted]: by } });

/**
 * Corrects totals by a difference, so that a count made meanwhile is kept.
 * Refused where another recount has corrected them since the shards were read.
 */
export const correct = (
  app: AppId,
  shards: readonly (Counter | undefined)[],
  difference: Partial<Record<Counted, number>>,
  now: number,
): Step =>
  update(
    schema.counterShard.key(app, 0),
    { add: difference, set: { recounted: now } },
    unchanged(shards[0], 'recounted'),
  );
