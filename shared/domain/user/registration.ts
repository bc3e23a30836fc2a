import { countersOf, countStep, totalOf } from '../../data/counter-repo.ts';
import { deviceKey, settingsKey } from '../../data/keys.ts';
import { put, type Step } from '../../data/step.ts';
import { type PasswordHash, putUser, type User, usernameOf } from '../../data/user-repo.ts';
import { Refusal } from '../../refusal.ts';
import type { Call } from '../call.ts';
import { type EachPlan, settle, settleEach } from '../decision.ts';
import { newId } from '../ids.ts';
import { agentText, deviceNumber, newPushToken, platformOf } from './device.ts';
import { hashPassword } from './password.ts';
import { settingsRecord } from './settings.ts';

/** What a registration for push binds besides. */
export interface PushBinding {
  alias?: string | undefined;
  push_token?: string | undefined;
  device_guid?: string | undefined;
}

/**
 * Sections 1.34, 1.33: a new user, and what it binds for push. Whoever writes the name first has it.
 * @throws Refusal 40001 40002 10004
 */
export async function register(call: Call, username: string, password: string, push: PushBinding = {}) {
  const holder = usernameOf(call.app, username);
  // Side by side: hashing takes longer than the read.
  const [hash] = await Promise.all([hashPassword(password), openWithCounters(call, [holder])]);
  const counters = countersOf(call.app);
  return settle(call.db, { holder, counters }, ({ holder, counters }) => {
    admitUser(call, counters, 0);
    if (holder) throw new Refusal('usernameTaken');
    const user = newUser(call, username, hash);
    const { steps, settings } = pushSteps(call, user, push);
    return {
      steps: [...putUser(call.app, user), ...countUsers(call, 1), ...steps],
      answer: () => settingsRecord(user, settings),
    };
  });
}

/**
 * Section 1.32: up to 100 registrations, each on its own. A name that stands twice in the list is taken the second time.
 * @param list for each entry the name and password, or why they cannot be
 */
export async function registerBatch(
  call: Call,
  list: { username: string; password: string; refusal: Refusal | undefined }[],
) {
  const names = list.map(({ username }) => usernameOf(call.app, username));
  const [hashes] = await Promise.all([
    Promise.all(list.map(({ password, refusal }) => (refusal ? undefined : hashPassword(password)))),
    openWithCounters(call, names),
  ]);
  const counters = countersOf(call.app);
  const reads = { names, counters };
  const users: (User | undefined)[] = [];
  const plan: EachPlan<typeof reads, (typeof list)[number]> = {
    permit: () => {},
    entry: ({ names, counters }, { entry, index }, batch) => {
      if (entry.refusal) throw entry.refusal;
      admitUser(call, counters, batch.length);
      const name = entry.username.toLowerCase();
      if (names[index] || batch.some((other) => other.entry.username.toLowerCase() === name))
        throw new Refusal('usernameTaken');
      const user = newUser(call, entry.username, hashes[index] as PasswordHash, index);
      users[index] = user;
      return putUser(call.app, user);
    },
    shared: (_, batch) => countUsers(call, batch.length),
  };
  const refusals = await settleEach(call.db, reads, list, plan);
  return list.map(({ username }, index) => {
    const refusal = refusals[index];
    const user_id = refusal ? 0 : (users[index]?.user ?? 0);
    return { user_id, username, success: !refusal, reason: refusal?.message ?? '' };
  });
}

/** The counters are read only where the app limits its users: together with the rest where the limit is known by then. */
async function openWithCounters(call: Call, reads: ReturnType<typeof usernameOf>[]): Promise<void> {
  const counters = countersOf(call.app);
  const known = (call.heldLimits?.users ?? 0) > 0;
  await call.open({ reads, counters: known ? counters : [] });
  if (call.limits.users > 0 && !known) await call.db.load([counters]);
}

/** @throws Refusal 40001 40002 */
function admitUser(call: Call, counters: Parameters<typeof totalOf>[0], before: number) {
  if (call.tenant.registration !== 'open' && call.actor.kind === 'nobody') throw new Refusal('registrationClosed');
  const { users } = call.limits;
  if (users > 0 && totalOf(counters, 'users') + before >= users) throw new Refusal('tooManyUsers');
}

const countUsers = (call: Call, more: number): Step[] =>
  call.limits.users > 0 ? [countStep(call.app, 'users', more)] : [];

const newUser = (call: Call, username: string, password: PasswordHash, index = 0): User => ({
  user: newId(),
  status: 'active',
  username,
  password,
  epoch: 0,
  confirm: false,
  joined: 0,
  owned: 0,
  // Those of one list register in its order.
  made: call.now + index,
});

/** Alias and push token of the user; with a device, the token is the device's too and is issued where none came. */
function pushSteps(call: Call, user: User, { alias, push_token, device_guid }: PushBinding) {
  const token = push_token ?? (device_guid === undefined ? undefined : newPushToken());
  const settings = { ...(alias !== undefined && { alias }), ...(token !== undefined && { push_token: token }) };
  const steps: Step[] = Object.keys(settings).length > 0 ? [put(settingsKey(call.app, user.user), settings)] : [];
  if (device_guid !== undefined) {
    const sn = deviceNumber(call.tenant, user.user, [], device_guid);
    const device = {
      sn,
      guid: device_guid,
      expires: 0,
      epoch: user.epoch,
      seen: call.now,
      made: call.now,
      agent: agentText(call.userAgent),
      platform: platformOf(call.userAgent),
      push_token: token,
    };
    steps.push(put(deviceKey(call.app, user.user, sn), device));
  }
  return { steps, settings };
}
