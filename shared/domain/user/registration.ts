import { randomUUID } from 'node:crypto';
import { usesOfAddress } from '../../call/address.ts';
import type { Call } from '../../call/call.ts';
import { Idempotency } from '../../call/idempotency.ts';
import { type BatchPlan, type Reads, type Step, transact, transactEach } from '../../call/transact.ts';
import { count, countersOf, totalOf } from '../../data/counter-repo.ts';
import * as devices from '../../data/device-repo.ts';
import type { Part } from '../../data/idempotency-repo.ts';
import * as profiles from '../../data/profile-repo.ts';
import { comparedName, type PasswordHash, putUser, type User, usernameOf } from '../../data/user-repo.ts';
import { ApiError, Unavailable } from '../../errors.ts';
import { newId, type UserId } from '../../ids.ts';
import { asUsername, idForName } from './likely-id.ts';
import { hashPassword } from './password-hash.ts';
import { agentOf, deviceNumber, newPushToken } from './platform.ts';
import { settingsRecord } from './settings.ts';

/** Additional fields of a registration for push. */
export interface PushBinding {
  alias?: string | undefined;
  push_token?: string | undefined;
  device_guid?: string | undefined;
}

/**
 * Sections 1.34, 1.33: a new user with its bindings for push. The first write of a name gets it.
 * @throws ApiError registrationClosed, tooManyUsers, usernameTaken
 */
export async function register(call: Call, username: string, password: string, push: PushBinding = {}) {
  usesOfAddress(call, 'registrations_per_hour', false);
  const holder = usernameOf(call.app, username);
  // In parallel: hashing takes longer than the read.
  const [hash] = await Promise.all([hashPassword(password), openWithCounters(call, [holder])]);
  const counters = countersOf(call.app);
  return transact(call.db, { holder, counters }, ({ holder, counters }) => {
    admitUser(call, counters, 0);
    if (holder) throw new ApiError('usernameTaken');
    const user = newUser(idForName(call, asUsername(username)), username, hash);
    const { steps, settings } = pushSteps(call, user, push);
    return {
      steps: [...putUser(call.app, user), ...countUsers(call, 1), ...steps],
      answer: () => settingsRecord(user, settings),
    };
  });
}

/** Section `extra`: a guest, whose username is the prefix and its id. @throws ApiError registrationClosed, tooManyUsers */
export async function registerGuest(call: Call, prefix: string, password: string) {
  usesOfAddress(call, 'registrations_per_hour', false);
  const [hash] = await Promise.all([hashPassword(password), openWithCounters(call, [])]);
  if (call.limits.guests === 0) throw new ApiError('registrationClosed', 'guests may not register in this app');
  return transact(call.db, countersOf(call.app), (counters) => {
    admitUser(call, counters, 0);
    // A name or an id that is taken fails the write, and the next round draws others.
    const id = newId<UserId>();
    const user = newUser(id, `${prefix}${id}`, hash);
    return {
      steps: [...putUser(call.app, user), ...countUsers(call, 1)],
      answer: () => ({ ...settingsRecord(user, {}), username: user.username }),
    };
  });
}

/** Parts of the batch's idempotency record besides the users that each transaction made: a lease, and the answer. */
const RUNNING = 1000;
const ANSWERED = 1001;
/** Seconds: no call runs longer. */
const LEASE = 30;
/** Entries that are hashed and then written together: about a second of work. */
const PORTION = 10;

interface BatchEntry {
  username: string;
  password: string;
  /** Why the entry is refused, independent of the table. */
  error: ApiError | undefined;
}

interface Registered {
  /** 0 where the entry failed. */
  user_id: UserId | 0;
  username: string;
  success: boolean;
  reason: string;
}

/**
 * Section 1.32: up to 100 registrations, each on its own. A name that the list repeats is taken the second time. Entries
 * are hashed and written in portions, so that a call that runs out of time has registered some of them. With an
 * `Idempotency-Key`, one call of the key runs at a time, and a repeated call registers only the remaining entries.
 * @throws Unavailable while another call of the same key runs
 */
export async function registerBatch(call: Call, list: BatchEntry[]): Promise<Registered[]> {
  const idempotency = Idempotency.of(call, 'user/register/batch');
  const reads = { names: list.map(({ username }) => usernameOf(call.app, username)), counters: countersOf(call.app) };
  const parts = idempotency ? [idempotency.parts] : [];
  // Before any hashing: callers without rights cost little, and the look-up of the database's address does not wait
  // behind the hashes, which use the same pool of threads.
  await openWithCounters(call, [...reads.names, ...parts]);
  const { answer, made } = earlierCalls(idempotency, call.db.records(parts)[0] ?? []);
  if (answer) return answer;
  if (idempotency) await takeLease(call, idempotency);
  /** Users by their place in the list. */
  const ids = new Map(made);
  const errors: (ApiError | undefined)[] = [];
  const answerOf = (all: (ApiError | undefined)[]): Registered[] =>
    list.map(({ username }, place) => {
      const error = all[place];
      return { user_id: error ? 0 : (ids.get(place) ?? 0), username, success: !error, reason: error?.message ?? '' };
    });
  for (let from = 0; from === 0 || from < list.length; from += PORTION) {
    const portion = [...list.keys()].slice(from, from + PORTION);
    const { names: taken } = call.db.records(reads);
    const hashes = await Promise.all(
      portion.map((place) => {
        const { password, error } = list[place]!;
        return error || taken[place] || made.has(place) ? undefined : hashPassword(password);
      }),
    );
    const plan: BatchPlan<typeof reads, number> = {
      permit: () => {},
      entry: ({ names, counters }, { entry: place, index }, batch) => {
        const { username, error } = list[place]!;
        if (error) throw error;
        if (made.has(place)) return [];
        admitUser(call, counters, batch.length);
        const password = hashes[index];
        const repeated = batch.some(({ entry }) => comparedName(list[entry]!.username) === comparedName(username));
        if (!password || names[place] || repeated) throw new ApiError('usernameTaken');
        const id = idForName(call, asUsername(username));
        const drawn = batch.some(({ entry }) => ids.get(entry) === id) ? newId<UserId>() : id;
        ids.set(place, drawn);
        return putUser(call.app, newUser(drawn, username, password, place));
      },
      shared: (_, batch) => {
        const users = batch.map(({ entry }) => [entry, ids.get(entry)]);
        return [
          ...countUsers(call, batch.length),
          ...(idempotency && batch[0] ? [idempotency.step(batch[0].entry, users)] : []),
        ];
      },
      ...(idempotency &&
        from + PORTION >= list.length && {
          closing: (_, __, last) => [idempotency.step(ANSWERED, answerOf([...errors, ...last]))],
        }),
    };
    errors.push(...(await transactEach(call.db, reads, portion, plan)));
  }
  return answerOf(errors);
}

/** The answer of an earlier call of the same key, or the users that it made before it ended, by their place in the list. */
function earlierCalls(idempotency: Idempotency | undefined, parts: Part[]) {
  const made = new Map<number, UserId>();
  for (const part of parts) {
    const number = Number(part.sk);
    const value = idempotency?.value<[place: number, user: UserId][] | Registered[]>(part);
    if (value && number === ANSWERED) return { answer: value as Registered[], made };
    if (value && number < RUNNING) for (const [place, user] of value as [number, UserId][]) made.set(place, user);
  }
  return { answer: undefined, made };
}

/** @throws Unavailable while another call of the same key runs */
async function takeLease(call: Call, idempotency: Idempotency): Promise<void> {
  // By the holder, a write that is sent again after a lost answer recognizes its own lease.
  const own = randomUUID();
  await transact(call.db, idempotency.part(RUNNING), (running) => {
    const holder = idempotency.value<string>(running);
    if (holder !== undefined && holder !== own) throw new Unavailable('another call of this key still runs');
    return { steps: holder === own ? [] : [idempotency.step(RUNNING, own, LEASE)], answer: () => undefined };
  });
}

/** Reads the counters too where the app limits its users: in the first round trip, if this instance knows the limit. */
async function openWithCounters(call: Call, reads: Reads[]): Promise<void> {
  const counters = countersOf(call.app);
  const limited = (call.cachedLimits?.users ?? 0) > 0;
  await call.open([reads, limited ? counters : []] as Reads);
  if (call.limits.users > 0 && !limited) await call.db.load([counters]);
}

/** @throws ApiError registrationClosed, tooManyUsers */
export function admitUser(call: Call, counters: Parameters<typeof totalOf>[0], before: number) {
  if (call.appRecord.registration !== 'open' && call.actor.kind === 'nobody') throw new ApiError('registrationClosed');
  const { users } = call.limits;
  if (users > 0 && totalOf(counters, 'users') + before >= users) throw new ApiError('tooManyUsers');
}

export const countUsers = (call: Call, more: number): Step[] =>
  call.limits.users > 0 ? [count(call.app, 'users', more)] : [];

export const newUser = (user: UserId, username: string, password: PasswordHash | undefined, index = 0): User => ({
  user,
  status: 'active',
  username,
  ...(password && { password }),
  epoch: 0,
  confirm: false,
  joined: 0,
  owned: 0,
  // The clock is read again, since hashing takes seconds and users who registered meanwhile come first in the directory.
  // The users of one call keep its order.
  createdAt: Date.now() + index,
});

/** Alias and push token of the user. A device gets the token too, and a new one where none was given. */
function pushSteps(call: Call, user: User, { alias, push_token, device_guid }: PushBinding) {
  const token = push_token || (device_guid === undefined ? undefined : newPushToken());
  const settings = { ...(alias && { alias }), ...(token && { push_token: token }) };
  const steps: Step[] = Object.keys(settings).length > 0 ? [profiles.putSettings(call.app, user.user, settings)] : [];
  if (device_guid !== undefined) {
    const sn = deviceNumber(call.appRecord, user.user, [], device_guid);
    const device = {
      sn,
      guid: device_guid,
      expiresAt: 0,
      epoch: user.epoch,
      seen: call.now,
      createdAt: call.now,
      ...agentOf(call.userAgent),
      ...(token !== undefined && { push_token: token }),
    };
    steps.push(devices.register(call.app, user.user, device));
  }
  return { steps, settings };
}
