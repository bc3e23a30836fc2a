import type { Call } from '../../call/call.ts';
import { all, exists, unchanged } from '../../data/expression.ts';
import { deviceKey, lockKey } from '../../data/keys.ts';
import { measured, put, remove, type Step, update } from '../../data/step.ts';
import { type Device, type Lock, unlocked } from '../../data/user-repo.ts';
import { newRandom } from '../../ids.ts';

/**
 * Failed logins (docs/behaviour.md, Lock-out) are counted twice: on the account, which refuses devices that have not
 * logged in before, and on the device itself if it has logged in before, which is refused by its own count alone. So
 * a stranger's guesses keep nobody out, and the `device_guid` of a known device, which is no secret, lets nobody guess on.
 * Only records that are there count: an unknown `device_guid` leaves nothing behind.
 */
const FAILURES = 10;
/** Milliseconds in which so many failures lock, and for which they do. */
const WINDOW = 600_000;

/** What a password is tried on: an account, by name or id, and the device if it has logged in before. */
export interface Attempt {
  /** A user id, or the hash of a login name that nobody has: both count, at the same cost. */
  account: string;
  lock: Lock | undefined;
  known: { user: number; device: Device } | undefined;
}

/** Whether another try is refused, right or wrong. */
export const isLockedOut = (call: Call, { lock, known }: Attempt): boolean =>
  (known ? lockedUntil(known.device.fails) : (lock?.lockedUntil ?? 0)) > call.now;

/** When the count of a device ends to lock it (ms); 0 where it does not. */
export const lockedUntil = (fails: readonly number[] = []): number =>
  fails.length < FAILURES ? 0 : (fails.at(-1) ?? 0) + WINDOW;

/** One more failure: the tenth within the window locks. */
export function failureSteps(call: Call, { account, lock, known }: Attempt): Step[] {
  const fails = counted(call, lock?.fails);
  const accountLockedUntil = fails.length >= FAILURES ? call.now + WINDOW : lock?.lockedUntil;
  const ttl = Math.ceil((call.now + 2 * WINDOW) / 1000);
  const own = known && counted(call, known.device.fails);
  const locks =
    ((accountLockedUntil ?? 0) > call.now && (lock?.lockedUntil ?? 0) <= call.now) || lockedUntil(own) > call.now;
  return [
    measured(
      locks ? 'lock_outs' : 'failed_logins',
      put(
        lockKey(call.app, account),
        // By the mark a call whose answer was lost knows its own failure from another one of the same millisecond.
        { fails, ttl, mark: newRandom(), ...(accountLockedUntil !== undefined && { lockedUntil: accountLockedUntil }) },
        unchanged(lock, 'fails', 'lockedUntil'),
      ),
    ),
    ...(known
      ? [update(deviceKey(call.app, known.user, known.device.sn), { set: { fails: own } }, sameCount(known.device))]
      : []),
  ];
}

const counted = (call: Call, fails: readonly number[] = []) =>
  [...fails.filter((at) => at > call.now - WINDOW), call.now].slice(-FAILURES);

/** Of guesses made side by side too, only ten are heard: the right one must find the count as it was read. */
export const sameCount = (device: Device) => all(exists, unchanged(device, 'fails'));

/** A success clears the account's count; that of a new device must find the account unlocked in the same moment. */
export function clearedSteps(call: Call, { account, lock, known }: Attempt): Step[] {
  if (!known) return [remove(lockKey(call.app, account), unlocked(call.now))];
  return lock ? [remove(lockKey(call.app, account))] : [];
}
