import type { Call } from '../../call/call.ts';
import type { Step } from '../../call/transact.ts';
import type { Device } from '../../data/device-repo.ts';
import * as devices from '../../data/device-repo.ts';
import type { Lock } from '../../data/lock-repo.ts';
import * as locks from '../../data/lock-repo.ts';
import type { UserId } from '../../ids.ts';

/**
 * A failed login (docs/behaviour.md, Lock-out) is counted on the account, and also on the device if it has logged in
 * before. A known device is refused by its own count alone, any other device by the account's. So guesses by a stranger
 * lock no known device, and the `device_guid` of a known device, which is no secret, gives no more guesses. An unknown
 * `device_guid` leaves no record.
 */
const FAILURES = 10;
/** So many failures within this time (ms) lock, and for the same time. */
const WINDOW = 600_000;

/** A try of a password: on an account, by name or id, and from a device if it has logged in before. */
export interface Attempt {
  /** A user id, or the hash of a login name that no user has. Both are counted, at the same cost. */
  account: string;
  lock: Lock | undefined;
  known: { user: UserId; device: Device } | undefined;
}

/** Whether the try is refused, even with the right password. */
export const isLockedOut = (call: Call, { lock, known }: Attempt): boolean =>
  (known ? lockedUntil(known.device.fails) : (lock?.lockedUntil ?? 0)) > call.now;

/** The end of a device's lock (ms); 0 where its failures do not lock it. */
export const lockedUntil = (fails: readonly number[] = []): number =>
  fails.length < FAILURES ? 0 : (fails.at(-1) ?? 0) + WINDOW;

/** One more failure: the tenth within the window locks. */
export function failureSteps(call: Call, { account, lock, known }: Attempt): Step[] {
  const fails = withFailure(call, lock?.fails);
  const accountLockedUntil = fails.length >= FAILURES ? call.now + WINDOW : lock?.lockedUntil;
  const ttl = Math.ceil((call.now + 2 * WINDOW) / 1000);
  const own = known && withFailure(call, known.device.fails);
  const locksAccount = (accountLockedUntil ?? 0) > call.now && (lock?.lockedUntil ?? 0) <= call.now;
  const counted = {
    fails,
    ttl,
    locks: locksAccount || lockedUntil(own) > call.now,
    ...(accountLockedUntil !== undefined && { lockedUntil: accountLockedUntil }),
  };
  return [
    locks.countFailure(call.app, account, lock, counted),
    ...(known && own ? [devices.setFailures(call.app, known.user, known.device, own)] : []),
  ];
}

const withFailure = (call: Call, fails: readonly number[] = []) =>
  [...fails.filter((at) => at > call.now - WINDOW), call.now].slice(-FAILURES);

/** A success clears the account's count. A new device also proves that the account is not locked. */
export function successSteps(call: Call, { account, lock, known }: Attempt): Step[] {
  if (!known) return [locks.clearUnlocked(call.app, account, call.now)];
  return lock ? [locks.clear(call.app, account)] : [];
}
