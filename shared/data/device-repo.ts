import type { AppId, UserId } from '../ids.ts';
import { all, any, below, equal, exists, missing, unchanged } from './expression.ts';
import { type Get, getItem, getItems, prefix, type Query } from './read.ts';
import type { ItemOf, Keyed } from './schema.ts';
import * as schema from './schema.ts';
import { check, measured, put, remove, type Step, update } from './step.ts';

/** A device with its session, which is valid while token hash, expiry and epoch agree. */
export type Device = Keyed<ItemOf<typeof schema.deviceFields>>;

/** The device that holds a push service's token. */
export type PushTokenHolder = ItemOf<typeof schema.pushTokenFields>;

export const deviceOf = (app: AppId, user: UserId, sn: number): Get<Device | undefined> =>
  getItem(schema.device.key(app, user, sn), schema.device.bytes);
export const pushTokenOf = (app: AppId, hash: string): Get<PushTokenHolder | undefined> =>
  getItem(schema.pushToken.key(app, hash));
/** All devices of a user: at most as many as the app's limit. */
export const devicesOf = (app: AppId, user: UserId): Query<Device[]> =>
  getItems({
    partition: schema.user.partition(app, user),
    between: prefix(schema.device.sk.prefix),
    entryBytes: schema.device.bytes,
    all: true,
  });

/** A device that is registered for push, without a session. */
export const register = (app: AppId, user: UserId, device: Omit<Device, 'sk'>): Step =>
  put(schema.device.key(app, user, device.sn), device);

type SignedIn = Pick<
  Device,
  'sn' | 'token' | 'expiresAt' | 'epoch' | 'seen' | 'login' | 'createdAt' | 'agent' | 'platform'
>;

/** A new session of the device, which forgets its failed passwords. @param read the device before, where it was known */
export const signIn = (
  app: AppId,
  user: UserId,
  session: SignedIn & { guid: string | undefined; push_token: string | undefined },
  read: Device | undefined,
): Step =>
  measured(
    'logins',
    update(
      schema.device.key(app, user, session.sn),
      { set: { ...session, fails: undefined } },
      unchanged(read, 'fails'),
    ),
  );

/** Revokes the session of the device. */
export const signOut = (app: AppId, user: UserId, sn: number): Step =>
  update(schema.device.key(app, user, sn), { set: { token: undefined } }, exists);

/** The session moves to the user's new epoch, so that it stays valid. Proves too what `checkFailures` does. */
export const keepSession = (app: AppId, user: UserId, device: Device, epoch: number): Step =>
  update(schema.device.key(app, user, device.sn), { set: { epoch } }, sameFailures(device));

/** The device exists and no password has failed on it since it was read: each of parallel guesses needs its own count. */
const sameFailures = (device: Device) => all(exists, unchanged(device, 'fails'));

/** Proves in a transaction that no password has failed on the device since it was read. */
export const checkFailures = (app: AppId, user: UserId, device: Device): Step =>
  check(schema.device.key(app, user, device.sn), sameFailures(device));

export const setFailures = (app: AppId, user: UserId, device: Device, fails: number[]): Step =>
  update(schema.device.key(app, user, device.sn), { set: { fails } }, sameFailures(device));

export const clearFailures = (app: AppId, user: UserId, sn: number): Step =>
  update(schema.device.key(app, user, sn), { set: { fails: undefined } }, exists);

/** Presence. The hash is part of the condition, so that a forged token writes nothing. */
export const touchDevice = (app: AppId, user: UserId, sn: number, hash: string, now: number, before: number): Step =>
  update(schema.device.key(app, user, sn), { set: { seen: now } }, all(equal('token', hash), below('seen', before)));

/** The device goes, with its session. It must still hold the push token that was read. */
export const forget = (app: AppId, user: UserId, device: Device): Step =>
  remove(schema.device.key(app, user, device.sn), unchanged(device, 'device_token'));

/** The device takes a push token, with the certificate of its push service. */
export const bindToken = (app: AppId, user: UserId, device: Device, token: string, notifier: string): Step =>
  setToken(app, user, device, token, notifier);

export const unbindToken = (app: AppId, user: UserId, device: Device): Step =>
  setToken(app, user, device, undefined, undefined);

const setToken = (app: AppId, user: UserId, device: Device, token: string | undefined, notifier: string | undefined) =>
  update(
    schema.device.key(app, user, device.sn),
    { set: { device_token: token, notifier } },
    all(exists, unchanged(device, 'device_token')),
  );

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
