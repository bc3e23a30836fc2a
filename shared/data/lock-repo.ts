import { type AppId, newRandom } from '../ids.ts';
import { absent, any, atMost, unchanged } from './expression.ts';
import { type Get, getItem } from './read.ts';
import type { ItemOf } from './schema.ts';
import * as schema from './schema.ts';
import { measured, put, remove, type Step } from './step.ts';

/** Failed logins of one account, by whatever device; times in milliseconds. */
export type Lock = ItemOf<typeof schema.lockFields>;

export const lockOf = (app: AppId, account: string): Get<Lock | undefined> => getItem(schema.lock.key(app, account));

/** @param locks whether this failure is the one that locks the account or the device @param ttl seconds since 1970 */
export function countFailure(
  app: AppId,
  account: string,
  read: Lock | undefined,
  { fails, lockedUntil, locks, ttl }: Omit<Lock, 'mark'> & { locks: boolean; ttl: number },
): Step {
  // By the mark, a call whose answer was lost distinguishes its own failure from another one of the same millisecond.
  const lock = { fails, ttl, mark: newRandom(), ...(lockedUntil !== undefined && { lockedUntil }) };
  return measured(
    locks ? 'lock_outs' : 'failed_logins',
    put(schema.lock.key(app, account), lock, unchanged(read, 'fails', 'lockedUntil')),
  );
}

export const clear = (app: AppId, account: string): Step => remove(schema.lock.key(app, account));
/** Proves too that the account is not locked at `now`. */
export const clearUnlocked = (app: AppId, account: string, now: number): Step =>
  remove(schema.lock.key(app, account), any(absent('lockedUntil'), atMost('lockedUntil', now)));
