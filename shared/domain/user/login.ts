import type { Call } from '../../call/call.ts';
import { newUserToken, tokenHash } from '../../call/token.ts';
import { transact } from '../../call/transact.ts';
import { unchanged } from '../../data/expression.ts';
import { comparedName, deviceKey, userKey } from '../../data/keys.ts';
import { check, measured, update } from '../../data/step.ts';
import {
  type Device,
  deviceOf,
  devicesOf,
  lockOf,
  mobileOf,
  type User,
  usernameOf,
  userOf,
} from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import { forgetSteps } from './devices.ts';
import { clearedSteps, failureSteps, isLockedOut } from './lock-out.ts';
import { isPassword } from './password.ts';
import { agentText, deviceNumber, newPushToken, platformOf } from './platform.ts';

/** Clients look for this beginning. */
const rejected = (why: string) => new ApiError('noPermission', `Operation rejected: ${why}`);

/** What a login hands out (token document). */
export interface Session {
  token: string;
  user_id: number;
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
  const trimmed = name.trim();
  const holder = await call.open(MOBILE.test(trimmed) ? mobileOf(call.app, trimmed) : usernameOf(call.app, trimmed));
  return login(call, holder?.user, holder ? String(holder.user) : tokenHash(comparedName(trimmed)), password, guid);
}

/**
 * `POST /token/id`: by user id, two round trips.
 * @throws ApiError noPermission
 */
export const loginById = (call: Call, user: number, password: string, guid?: string): Promise<Session> =>
  login(call, user, String(user), password, guid);

/** @param account what failures are counted on: also for names that nobody has, at the same cost */
async function login(call: Call, id: number | undefined, account: string, password: string, guid?: string) {
  const reads = {
    user: userOf(call.app, id ?? 0),
    devices: devicesOf(call.app, id ?? 0),
    lock: lockOf(call.app, account),
  };
  const { user: read } = await call.open(reads);
  const matches = await isPassword(password, read?.status === 'deleted' ? undefined : read?.password);
  return transact(call.db, reads, ({ user, devices: listed, lock }) => {
    // Those of a Query are looked up once more: what a failed condition has shown of them counts.
    const devices = listed.flatMap(({ sn }) => call.db.records(deviceOf(call.app, id ?? 0, sn)) ?? []);
    const device = devices.find((one) => guid !== undefined && one.guid === guid && one.login !== undefined);
    const attempt = { account, lock, known: user && device && { user: user.user, device } };
    if (isLockedOut(call, attempt)) throw rejected('too many failed logins, try again in some minutes');
    // A password changed meanwhile is not the one that was compared. One sentence for an unknown name and a wrong
    // password: neither tells who exists.
    if (!user || !matches || user.password?.hash !== read?.password?.hash)
      return { steps: failureSteps(call, attempt), answer: refuse(rejected('wrong name or password')) };
    if (user.status !== 'active') throw rejected('the user is disabled');
    const { steps, session } = newSession(call, user, devices, guid);
    return { steps: [...steps, ...clearedSteps(call, attempt)], answer: () => session };
  });
}

export const refuse = (error: ApiError) => (): never => {
  throw error;
};

/** The login as a device: the same guid keeps its number and loses its session; the one idle longest goes at the limit. */
function newSession(call: Call, user: User, devices: Device[], guid: string | undefined) {
  const { session_life: life, devices: most } = call.limits;
  const sn = deviceNumber(call.appRecord, user.user, devices, guid);
  const known = devices.find((device) => device.sn === sn);
  const token = newUserToken(call.appRecord, user.user, sn);
  const expiresAt = call.now + life * 1000;
  const pushToken = guid === undefined ? undefined : (known?.push_token ?? newPushToken());
  const others = devices.filter((device) => device !== known).sort((one, other) => one.seen - other.seen);
  const idle = known ? [] : others.slice(0, Math.max(0, devices.length - most + 1));
  const login = {
    sn,
    guid,
    token: tokenHash(token),
    expiresAt,
    epoch: user.epoch,
    seen: call.now,
    login: call.now,
    createdAt: known?.createdAt ?? call.now,
    agent: agentText(call.userAgent),
    platform: platformOf(agentText(call.userAgent)),
    push_token: pushToken,
    fails: undefined,
  };
  const steps = [
    check(userKey(call.app, user.user), unchanged(user, 'status', 'epoch')),
    measured('logins', update(deviceKey(call.app, user.user, sn), { set: login }, unchanged(known, 'fails'))),
    ...idle.flatMap((device) => forgetSteps(call, user.user, device)),
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
