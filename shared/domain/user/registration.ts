import { randomUUID } from 'node:crypto';
import type { Call } from '../../call/call.ts';
import { Idempotency } from '../../call/idempotency.ts';
import { type BatchPlan, transact, transactEach } from '../../call/transact.ts';
import { countersOf, countStep, totalOf } from '../../data/counter-repo.ts';
import { comparedName, deviceKey, settingsKey } from '../../data/keys.ts';
import type { Read } from '../../data/read.ts';
import { put, type Step } from '../../data/step.ts';
import { type PasswordHash, putUser, type User, usernameOf } from '../../data/user-repo.ts';
import { ApiError, Unavailable } from '../../errors.ts';
import { newId } from '../../ids.ts';
import { hashPassword } from './password.ts';
import { agentText, deviceNumber, newPushToken, platformOf } from './platform.ts';
import { settingsRecord } from './settings.ts';

/** What a registration for push binds besides. */
export interface PushBinding {
  alias?: string | undefined;
  push_token?: string | undefined;
  device_guid?: string | undefined;
}

/**
 * Sections 1.34, 1.33: a new user, and what it binds for push. Whoever writes the name first has it.
 * @throws ApiError registrationClosed, tooManyUsers, usernameTaken
 */
export async function register(call: Call, username: string, password: string, push: PushBinding = {}) {
  const holder = usernameOf(call.app, username);
  // Side by side: hashing takes longer than the read.
  const [hash] = await Promise.all([hashPassword(password), openWithCounters(call, [holder])]);
  const counters = countersOf(call.app);
  return transact(call.db, { holder, counters }, ({ holder, counters }) => {
    admitUser(call, counters, 0);
    if (holder) throw new ApiError('usernameTaken');
    const user = newUser(username, hash);
    const { steps, settings } = pushSteps(call, user, push);
    return {
      steps: [...putUser(call.app, user), ...countUsers(call, 1), ...steps],
      answer: () => settingsRecord(user, settings),
    };
  });
}

/** Parts of a repetition's record: the lease of whoever runs, the answer; and the users that a transaction made. */
const RUNNING = 1000;
const ANSWERED = 1001;
/** Seconds: no call runs longer. */
const LEASE = 30;
/** Entries that are hashed and then written together: about a second of work. */
const PORTION = 10;

interface BatchEntry {
  username: string;
  password: string;
  /** Why the entry cannot be, whatever the table says. */
  error: ApiError | undefined;
}

/**
 * Section 1.32: up to 100 registrations, each on its own. A name that stands twice in the list is taken the second time.
 * Hashed and written in portions, so that a call that runs out of time has registered those that it came to. With an
 * `Idempotency-Key`, one call of the key runs at a time (others are told to try again), and a repetition registers only
 * those that the first did not come to.
 * @throws Unavailable while another call of the same key runs
 */
export async function registerBatch(call: Call, list: BatchEntry[]) {
  const idempotency = Idempotency.of(call, 'user/register/batch');
  const names = list.map(({ username }) => usernameOf(call.app, username));
  const earlier = idempotency ? [idempotency.parts] : [];
  // Before any hashing: who may not ask costs nothing, and the look-up of the database's address would wait behind the
  // hashes, in the same pool of threads.
  await openWithCounters(call, [...names, ...earlier]);
  const counters = countersOf(call.app);
  const reads = { names, counters };
  const made = new Map<number, number>();
  if (idempotency) {
    for (const part of call.db.records(earlier)[0] ?? []) {
      const value = idempotency.value<number[][] | Answer>(part);
      if (value && Number(part.sk) === ANSWERED) return value as Answer;
      if (value && Number(part.sk) < RUNNING) for (const [index, user] of value as number[][]) made.set(index!, user!);
    }
    // Written again after a lost answer, it meets itself: so it says whose it is.
    const own = randomUUID();
    await transact(call.db, idempotency.part(RUNNING), (running) => {
      const holder = idempotency.value<string>(running);
      if (holder !== undefined && holder !== own) throw new Unavailable('another call of this key still runs');
      return { steps: holder === own ? [] : [idempotency.step(RUNNING, own, LEASE)], answer: () => undefined };
    });
  }
  const users = new Map(made);
  const errors: (ApiError | undefined)[] = [];
  const results = (all: (ApiError | undefined)[]) =>
    list.map(({ username }, index) => {
      const error = all[index];
      return {
        user_id: error ? 0 : (users.get(index) ?? 0),
        username,
        success: !error,
        reason: error?.message ?? '',
      };
    });
  type Answer = ReturnType<typeof results>;
  const places = [...list.keys()];
  for (let from = 0; from === 0 || from < list.length; from += PORTION) {
    const portion = places.slice(from, from + PORTION);
    const taken = call.db.records(names);
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
        const twice = batch.some(({ entry }) => comparedName(list[entry]!.username) === comparedName(username));
        if (!password || names[place] || twice) throw new ApiError('usernameTaken');
        const user = newUser(username, password, place);
        users.set(place, user.user);
        return putUser(call.app, user);
      },
      shared: (_, batch) => [
        ...countUsers(call, batch.length),
        ...(idempotency && batch[0]
          ? [
              idempotency.step(
                batch[0].entry,
                batch.map(({ entry }) => [entry, users.get(entry)]),
              ),
            ]
          : []),
      ],
      ...(idempotency &&
        from + PORTION >= list.length && {
          closing: (_, __, last) => [idempotency.step(ANSWERED, results([...errors, ...last]))],
        }),
    };
    errors.push(...(await transactEach(call.db, reads, portion, plan)));
  }
  return results(errors);
}

/** The counters are read only where the app limits its users: together with the rest where the limit is known by then. */
async function openWithCounters(call: Call, reads: Read<unknown>[]): Promise<void> {
  const counters = countersOf(call.app);
  const known = (call.cachedLimits?.users ?? 0) > 0;
  await call.open([...reads, ...(known ? counters : [])]);
  if (call.limits.users > 0 && !known) await call.db.load([counters]);
}

/** @throws ApiError registrationClosed, tooManyUsers */
function admitUser(call: Call, counters: Parameters<typeof totalOf>[0], before: number) {
  if (call.appRecord.registration !== 'open' && call.actor.kind === 'nobody') throw new ApiError('registrationClosed');
  const { users } = call.limits;
  if (users > 0 && totalOf(counters, 'users') + before >= users) throw new ApiError('tooManyUsers');
}

const countUsers = (call: Call, more: number): Step[] =>
  call.limits.users > 0 ? [countStep(call.app, 'users', more)] : [];

const newUser = (username: string, password: PasswordHash, index = 0): User => ({
  user: newId(),
  status: 'active',
  username,
  password,
  epoch: 0,
  confirm: false,
  joined: 0,
  owned: 0,
  // Now, and not when the call began: hashing takes seconds, and whoever registered meanwhile stands before in the list
  // of users. Those of one call register in its order.
  createdAt: Date.now() + index,
});

/** Alias and push token of the user; with a device, the token is the device's too and is issued where none came. */
function pushSteps(call: Call, user: User, { alias, push_token, device_guid }: PushBinding) {
  const token = push_token || (device_guid === undefined ? undefined : newPushToken());
  const settings = { ...(alias && { alias }), ...(token && { push_token: token }) };
  const steps: Step[] = Object.keys(settings).length > 0 ? [put(settingsKey(call.app, user.user), settings)] : [];
  if (device_guid !== undefined) {
    const sn = deviceNumber(call.appRecord, user.user, [], device_guid);
    const device = {
      sn,
      guid: device_guid,
      expiresAt: 0,
      epoch: user.epoch,
      seen: call.now,
      createdAt: call.now,
      agent: agentText(call.userAgent),
      platform: platformOf(agentText(call.userAgent)),
      push_token: token,
    };
    steps.push(put(deviceKey(call.app, user.user, sn), device));
  }
  return { steps, settings };
}
