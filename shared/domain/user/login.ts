import { usesOfAddress } from '../../call/address.ts';
import type { Call } from '../../call/call.ts';
import { newUserToken, tokenHash } from '../../call/token.ts';
import { transact } from '../../call/transact.ts';
import * as devices from '../../data/device-repo.ts';
import { type Device, deviceOf, devicesAndTombstonesOf } from '../../data/device-repo.ts';
import { lockOf } from '../../data/lock-repo.ts';
import * as users from '../../data/user-repo.ts';
import { comparedName, mobileOf, type User, usernameOf, userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import type { UserId } from '../../ids.ts';
import { releaseToken } from './devices.ts';
import { failureSteps, isLockedOut, successSteps } from './lock-out.ts';
import { isPassword } from './password-hash.ts';
import { agentOf, deviceNumber, newPushToken } from './platform.ts';

/** Clients recognize this beginning. */
export const rejected = (why: string) => new ApiError('noPermission', `Operation rejected: ${why}`);

/** The answer to a login (token document). */
export interface Session {
  token: string;
  user_id: UserId;
  /** Seconds since 1970. */
  expire: number;
  push_token: string;
  encrypt_type: 0;
  public_key: '';
  access_key_secret: null;
  store_token: null;
}

/** A mobile number is digits and perhaps a plus; a username is never all digits. */
const MOBILE = /^\+?[0-9]+$/;

/**
 * `POST /token/user`, `/token/login`: by username or mobile number. Three round trips: the name, the account, the write.
 * @throws ApiError noPermission
 */
export async function loginByName(call: Call, name: string, password: string, guid?: string): Promise<Session> {
  usesOfAddress(call, 'failed_logins_per_hour', true);
  const trimmed = name.trim();
  const holder = await call.open(MOBILE.test(trimmed) ? mobileOf(call.app, trimmed) : usernameOf(call.app, trimmed));
  return login(
    call,
    holder?.user ?? (0 as UserId),
    holder ? String(holder.user) : tokenHash(comparedName(trimmed)),
    password,
    guid,
  );
}

/**
 * `POST /token/id`: by user id, two round trips.
 * @throws ApiError noPermission
 */
export function loginById(call: Call, user: UserId, password: string, guid?: string): Promise<Session> {
  usesOfAddress(call, 'failed_logins_per_hour', true);
  return login(call, user, String(user), password, guid);
}

/** So many tombstones of devices stay. A login removes older ones, twenty at most, since each login reads all of them. */
const TOMBSTONES = 10;

/** @param account failures are counted on it, at the same cost where no user has the name (`id` 0) */
async function login(call: Call, id: UserId, account: string, password: string, guid?: string) {
  const reads = {
    user: userOf(call.app, id),
    devices: devicesAndTombstonesOf(call.app, id),
    lock: lockOf(call.app, account),
  };
  const { user: read } = await call.open(reads);
  const matches = await isPassword(password, read?.status === 'deleted' ? undefined : read?.password);
  return transact(call.db, reads, ({ user, devices: { listed, tombstones }, lock }) => {
    const known = currentDevices(call, id, listed);
    const device = known.find((one) => guid !== undefined && one.guid === guid && one.login !== undefined);
    const attempt = { account, lock, known: user && device && { user: user.user, device } };
    if (isLockedOut(call, attempt)) throw rejected('too many failed logins, try again in some minutes');
    // A password changed meanwhile is not the one that was compared. An unknown name and a wrong password have the same
    // message, so that the answer does not tell which users exist.
    if (!user || !matches || user.password?.hash !== read?.password?.hash)
      return { steps: failureSteps(call, attempt), answer: refuse(rejected('wrong name or password')) };
    if (user.status !== 'active') throw rejected('the user is disabled');
    // After the password, so that nobody else learns of it.
    call.proves(user);
    const { steps, session } = newSession(call, user, known, tombstones, guid);
    const proof = users.checkSessions(call.app, user);
    return { steps: [proof, ...steps, ...successSteps(call, attempt)], answer: () => session };
  });
}

export const refuse = (error: ApiError) => (): never => {
  throw error;
};

/** The listed devices as they are known now: a failed condition may have shown one. */
export const currentDevices = (call: Call, user: UserId, listed: readonly Device[]): Device[] =>
  listed.flatMap(({ sn }) => call.db.records(deviceOf(call.app, user, sn)) ?? []);

/**
 * A session on the device of this guid, or on a new one. A known device keeps its number and loses its earlier session.
 * At the limit of devices, the one idle longest goes. The caller proves that the user may log in.
 */
export function newSession(
  call: Call,
  user: User,
  all: Device[],
  tombstones: readonly number[],
  guid: string | undefined,
) {
  const { session_life: life, devices: most } = call.limits;
  const sn = deviceNumber(call.appRecord, user.user, all, guid);
  const known = all.find((device) => device.sn === sn);
  const token = newUserToken(call.appRecord, user.user, sn);
  const expiresAt = call.now + life * 1000;
  const pushToken = guid === undefined ? undefined : (known?.push_token ?? newPushToken());
  const others = all.filter((device) => device !== known).sort((one, other) => one.seen - other.seen);
  const idle = known ? [] : others.slice(0, Math.max(0, all.length - most + 1));
  const login = {
    sn,
    guid,
    token: tokenHash(token),
    expiresAt,
    epoch: user.epoch,
    seen: call.now,
    login: call.now,
    createdAt: known?.createdAt ?? call.now,
    ...agentOf(call.userAgent),
    push_token: pushToken,
  };
  const steps = [
    devices.signIn(call.app, user, login, known, idle),
    ...idle.flatMap((device) => [
      devices.giveWay(call.app, user.user, device),
      ...releaseToken(call, user.user, device),
    ]),
    ...tombstones
      .slice(TOMBSTONES, 3 * TOMBSTONES)
      .flatMap((removed) => (removed === sn ? [] : [devices.removeTombstone(call.app, user.user, removed)])),
  ];
  const session: Session = {
    token,
    user_id: user.user,
    expire: Math.floor(expiresAt / 1000),
    push_token: pushToken ?? '',
    encrypt_type: 0,
    public_key: '',
    access_key_secret: null,
    store_token: null,
  };
  return { steps, session };
}
