import type { AppId, UserId } from '../ids.ts';
import { absent, all, any, below, equal, missing, present, unchanged } from './expression.ts';
import { type Get, getItem, type Item, prefix, type Query } from './read.ts';
import type { ItemOf, Keyed } from './schema.ts';
import * as schema from './schema.ts';
import { tombstoneTtl } from './stamp.ts';
import { because, check, measured, put, remove, type Step, update } from './step.ts';
import type { User } from './user-repo.ts';

/** A device with its session, which is valid while token hash, expiry and epoch agree. */
export type Device = Keyed<Extract<ItemOf<typeof schema.deviceFields>, { sn: number }>>;

/** A removed device leaves an item without its attributes, which counts as no device. */
const asDevice = (item: Item | undefined) => (item?.sn === undefined ? undefined : (item as Device));
const isDevice = present('sn');

/** Whether the device has a session that is alive at `now` (ms). */
export const hasSession = ({ token, expiresAt, epoch }: Device, user: User | undefined, now: number): boolean =>
  token !== undefined && expiresAt > now && epoch === user?.epoch;

/** The device that holds a push service's token. */
export type PushTokenHolder = ItemOf<typeof schema.pushTokenFields>;

export const deviceOf = (app: AppId, user: UserId, sn: number): Get<Device | undefined> => ({
  get: schema.device.key(app, user, sn),
  bytes: schema.device.bytes,
  parse: asDevice,
});
export const pushTokenOf = (app: AppId, hash: string): Get<PushTokenHolder | undefined> =>
  getItem(schema.pushToken.key(app, hash));
const itemsUpToDevices = <T>(app: AppId, user: UserId, from: string, parse: (items: Item[]) => T): Query<T> => ({
  query: {
    partition: schema.user.partition(app, user),
    between: prefix(schema.device.sk.prefix, from),
    entryBytes: schema.device.bytes,
    all: true,
  },
  parse: ({ items }) => parse(items),
});
/** All devices of a user: at most as many as the app's limit. */
export const devicesOf = (app: AppId, user: UserId): Query<Device[]> =>
  itemsUpToDevices(app, user, schema.device.sk.prefix, (items) => items.flatMap((item) => asDevice(item) ?? []));

/** The devices of a user, and the numbers of removed ones whose tombstones are there, the last removed first. */
export interface AccountDevices {
  listed: Device[];
  tombstones: number[];
}
/**
 * The same with the user, which `userOf` shows then: one Query costs less than a read of each. It also meets the few
 * items between them.
 */
export const userAndDevicesOf = (app: AppId, user: UserId): Query<AccountDevices> =>
  itemsUpToDevices(app, user, schema.user.key(app, user).sk, (items) => ({
    listed: items.flatMap((item) => asDevice(item) ?? []),
    tombstones: items
      .filter((item) => String(item.sk).startsWith(schema.device.sk.prefix) && !asDevice(item))
      .sort((one, other) => Number(other.ttl) - Number(one.ttl))
      .map(({ sk }) => Number(String(sk).slice(schema.device.sk.prefix.length))),
  }));

/** A device that is registered for push, without a session. */
export const register = (app: AppId, user: UserId, device: Omit<Device, 'sk'>): Step =>
  put(schema.device.key(app, user, device.sn), device);

type SignedIn = Pick<
  Device,
  'sn' | 'token' | 'expiresAt' | 'epoch' | 'seen' | 'login' | 'createdAt' | 'agent' | 'platform'
>;

/** Why the session of one device ends. */
export type SessionEnd = 'kicked' | 'removed';

/**
 * A new session of the device, which forgets its failed passwords.
 * @param read the device before, where it was known
 * @param replaced devices that go in its favour: `giveWay`
 */
export function signIn(
  app: AppId,
  user: User,
  session: SignedIn & { guid: string | undefined; push_token: string | undefined },
  read: Device | undefined,
  replaced: readonly Device[],
): Step {
  const step = update(
    schema.device.key(app, user.user, session.sn),
    // The device may have been removed before.
    { set: { ...session, fails: undefined, ttl: undefined } },
    unchanged(read, 'fails'),
  );
  const serials = (of: readonly Device[]) => of.map(({ sn }) => sn).join();
  const revoked = serials(replaced.filter((device) => hasSession(device, user, session.seen)));
  const unbound = serials(replaced.filter(({ device_token }) => device_token !== undefined));
  const told = { ...(revoked && { replaced: revoked }), ...(unbound && { unbound }) };
  return measured('logins', revoked || unbound ? because(step, told) : step);
}

/** Revokes the session of the device. @param reason absent where the session has ended before */
export const signOut = (app: AppId, user: UserId, sn: number, reason: SessionEnd | undefined): Step =>
  ending(update(schema.device.key(app, user, sn), { set: { token: undefined } }, isDevice), reason);

const ending = (step: Step, reason: SessionEnd | undefined): Step => (reason ? because(step, { reason }) : step);

/** The session moves to the user's new epoch, so that it stays valid. Proves too what `checkFailures` does. */
export const keepSession = (app: AppId, user: UserId, device: Device, epoch: number): Step =>
  update(schema.device.key(app, user, device.sn), { set: { epoch } }, sameFailures(device));

/** The device exists and no password has failed on it since it was read: each of parallel guesses needs its own count. */
const sameFailures = (device: Device) => all(isDevice, unchanged(device, 'fails'));

/** Proves in a transaction that no password has failed on the device since it was read. */
export const checkFailures = (app: AppId, user: UserId, device: Device): Step =>
  check(schema.device.key(app, user, device.sn), sameFailures(device));

export const setFailures = (app: AppId, user: UserId, device: Device, fails: number[]): Step =>
  update(schema.device.key(app, user, device.sn), { set: { fails } }, sameFailures(device));

export const clearFailures = (app: AppId, user: UserId, sn: number): Step =>
  update(schema.device.key(app, user, sn), { set: { fails: undefined } }, isDevice);

/** Presence. The hash is part of the condition, so that a forged token writes nothing. */
export const touchDevice = (app: AppId, user: UserId, sn: number, hash: string, now: number, before: number): Step =>
  update(schema.device.key(app, user, sn), { set: { seen: now } }, all(equal('token', hash), below('seen', before)));

/** The device exists, and still holds the push token that was read. */
const sameBinding = (device: Device) => all(isDevice, unchanged(device, 'device_token'));

/** The device goes, with its session. A tombstone says who removed it. @param reason as of `signOut` */
export const forget = (app: AppId, user: UserId, device: Device, now: number, reason: SessionEnd | undefined): Step =>
  ending(put(schema.device.key(app, user, device.sn), { ttl: tombstoneTtl(now) }, sameBinding(device)), reason);

/**
 * The device goes in favour of another one, whose login says so: `signIn`. It leaves no tombstone, since clients that
 * name no device make a new one with every login, and each login reads all that is there.
 */
export const giveWay = (app: AppId, user: UserId, device: Device): Step =>
  remove(schema.device.key(app, user, device.sn), sameBinding(device));

/** Removes what a removed device has left. */
export const removeTombstone = (app: AppId, user: UserId, sn: number): Step =>
  remove(schema.device.key(app, user, sn), absent('sn'));

/** The device takes a push token, with the certificate of its push service. */
export const bindToken = (app: AppId, user: UserId, device: Device, token: string, notifier: string): Step =>
  setToken(app, user, device, token, notifier);

export const unbindToken = (app: AppId, user: UserId, device: Device): Step =>
  setToken(app, user, device, undefined, undefined);

const setToken = (app: AppId, user: UserId, device: Device, token: string | undefined, notifier: string | undefined) =>
  update(schema.device.key(app, user, device.sn), { set: { device_token: token, notifier } }, sameBinding(device));

/** The device loses this push token, which another device binds. */
export const loseToken = (app: AppId, { user, sn }: PushTokenHolder, token: string): Step =>
  update(
    schema.device.key(app, user, sn),
    { set: { device_token: undefined, notifier: undefined } },
    equal('device_token', token),
  );

/** The device becomes the holder of the push token. @param read the holder before */
export const holdToken = (
  app: AppId,
  hash: string,
  { user, sn }: PushTokenHolder,
  read: PushTokenHolder | undefined,
): Step => put(schema.pushToken.key(app, hash), { user, sn }, unchanged(read, 'user', 'sn'));

/** The push token has no holder any more. It must be this device, where there is one. */
export const releaseToken = (app: AppId, hash: string, { user, sn }: PushTokenHolder): Step =>
  remove(schema.pushToken.key(app, hash), any(missing, all(equal('user', user), equal('sn', sn))));
