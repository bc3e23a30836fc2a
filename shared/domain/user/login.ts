import { usesOfAddress } from '../../call/address.ts';
import { lastReadApp } from '../../call/app-cache.ts';
import type { Call } from '../../call/call.ts';
import { newUserToken, tokenHash } from '../../call/token.ts';
import { type Records, transact } from '../../call/transact.ts';
import * as devices from '../../data/device-repo.ts';
import { type Device, deviceOf, userAndDevicesOf } from '../../data/device-repo.ts';
import { lockOf } from '../../data/lock-repo.ts';
import * as users from '../../data/user-repo.ts';
import { comparedName, mobileOf, type User, usernameOf, userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import type { UserId } from '../../ids.ts';
import { releaseToken } from './devices.ts';
import { asUsername, likelyId } from './likely-id.ts';
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
 * `POST /token/user`, `/token/login`: by username or mobile number. Two round trips: name and account, the write. The
 * account is that of the id which the name's first user got. Three where another user has the name, for mobile numbers,
 * and in the first call of an app on an instance.
 * @throws ApiError noPermission
 */
export async function loginByName(call: Call, name: string, password: string, guid?: string): Promise<Session> {
  usesOfAddress(call, 'failed_logins_per_hour', true);
  const trimmed = name.trim();
  const isMobile = MOBILE.test(trimmed);
  const holderOf = isMobile ? mobileOf(call.app, trimmed) : usernameOf(call.app, trimmed);
  const app = isMobile ? undefined : lastReadApp(call.app);
  const likely = app && likelyId(app, asUsername(trimmed));
  const guess = likely && accountOf(call, likely);
  const nobody = accountOf(call, NOBODY, tokenHash(comparedName(trimmed)));
  const [holder] = await call.open([holderOf, guess ? [guess.stored, nobody.stored.lock] : []] as const);
  if (guess && !holder) return login(call, nobody, password, guid, true);
  // A user who registers at this moment may have been read before its name.
  if (guess && holder?.user === likely && call.db.records(guess.user)) return login(call, guess, password, guid, true);
  const account = holder ? accountOf(call, holder.user) : nobody;
  await call.db.load([account.stored]);
  return login(call, account, password, guid, false);
}

/**
 * `POST /token/id`: by user id, two round trips.
 * @throws ApiError noPermission
 */
export async function loginById(call: Call, user: UserId, password: string, guid?: string): Promise<Session> {
  usesOfAddress(call, 'failed_logins_per_hour', true);
  const account = accountOf(call, user);
  await call.open(account.stored);
  return login(call, account, password, guid, false);
}

/** No user has this id. */
const NOBODY = 0 as UserId;

/** What a login reads of a user. @param name failures are counted under it, at the same cost where no user has the name */
const accountOf = ({ app }: Call, id: UserId, name = String(id)) => ({
  id,
  name,
  user: userOf(app, id),
  stored: { devices: userAndDevicesOf(app, id), lock: lockOf(app, name) },
});

/** So many tombstones of devices stay. A login removes older ones, twenty at most, since each login reads all of them. */
const TOMBSTONES = 10;

/** @param early the account, which has been read, took no round trip of its own */
async function login(
  call: Call,
  { id, name, user: userRead, stored }: ReturnType<typeof accountOf>,
  password: string,
  guid: string | undefined,
  early: boolean,
) {
  const reads = { user: userRead, ...stored };
  type Account = Records<typeof reads>;
  const attemptOf = ({ user, devices, lock }: Account) => {
    const known = currentDevices(call, id, devices.listed);
    const device = known.find((one) => guid !== undefined && one.guid === guid && one.login !== undefined);
    const attempt = { account: name, lock, known: user && device && { user: user.user, device } };
    return { known, attempt, isLocked: isLockedOut(call, attempt) };
  };
  const before = call.db.records(reads);
  const { user: read } = before;
  const matches = await isPassword(password, read?.status === 'deleted' ? undefined : read?.password);
  // A refused login takes three round trips whatever the name is. Otherwise the time that it takes would tell a name that
  // nobody has from one whose user has another id than the likely one.
  if (early && (!matches || attemptOf(before).isLocked)) await call.db.load([stored.lock]);
  return transact(call.db, reads, (account) => {
    const { user, devices } = account;
    const { known, attempt, isLocked } = attemptOf(account);
    if (isLocked) throw rejected('too many failed logins, try again in some minutes');
    // A password changed meanwhile is not the one that was compared. An unknown name and a wrong password have the same
    // message, so that the answer does not tell which users exist.
    if (!user || !matches || user.password?.hash !== read?.password?.hash)
      return { steps: failureSteps(call, attempt), answer: refuse(rejected('wrong name or password')) };
    if (user.status !== 'active') throw rejected('the user is disabled');
    // After the password, so that nobody else learns of it.
    call.proves(user);
    const { steps, session } = newSession(call, user, known, devices.tombstones, guid);
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
