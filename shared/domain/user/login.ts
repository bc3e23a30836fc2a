import { unchanged } from '../../data/expression.ts';
import { deviceKey, lockKey, userKey } from '../../data/keys.ts';
import { check, measured, put, remove, type Step, update } from '../../data/step.ts';
import {
  type Device,
  devicesOf,
  type Lock,
  lockOf,
  mobileOf,
  type User,
  unlocked,
  usernameOf,
  userOf,
} from '../../data/user-repo.ts';
import { Refusal } from '../../refusal.ts';
import type { Call } from '../call.ts';
import { settle } from '../decision.ts';
import { newUserToken, tokenHash } from '../token.ts';
import { agentText, deviceNumber, newPushToken, platformOf } from './device.ts';
import { forgetSteps } from './devices.ts';
import { isPassword } from './password.ts';

/** Lock-out (ms): after so many failures within the window, logins of new devices are refused for as long. */
const FAILURES = 10;
const WINDOW = 600_000;

/** One sentence for an unknown name and a wrong password: neither tells who exists. */
const wrong = () => new Refusal('noPermission', 'wrong name or password');
const locked = () => new Refusal('noPermission', 'too many failed logins: try again in some minutes');

/** What a login hands out (token document). */
export interface Session {
  token: string;
  user_id: number;
  /** Seconds since 1970. */
  expire: number;
  push_token: string;
  encrypt_type: 0;
  public_key: null;
  access_key_secret: null;
  store_token: null;
}

/** A mobile number is digits and perhaps a plus; a username is never all digits. */
const MOBILE = /^\+?[0-9]+$/;

/**
 * `POST /token/user`, `/token/login`: by username or mobile number. Three round trips: the name, the account, the write.
 * @throws Refusal 10010
 */
export async function loginByName(call: Call, name: string, password: string, guid?: string): Promise<Session> {
  const trimmed = name.trim();
  const holder = await call.open(MOBILE.test(trimmed) ? mobileOf(call.app, trimmed) : usernameOf(call.app, trimmed));
  return login(call, holder?.user, holder ? String(holder.user) : tokenHash(trimmed.toLowerCase()), password, guid);
}

/**
 * `POST /token/id`: by user id, two round trips.
 * @throws Refusal 10010
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
  return settle(call.db, reads, ({ user, devices, lock }) => {
    const spared = guid !== undefined && devices.some((device) => device.guid === guid && device.login !== undefined);
    if (!spared && (lock?.until ?? 0) > call.now) throw locked();
    // A password changed meanwhile is not the one that was compared.
    if (!user || !matches || user.password?.hash !== read?.password?.hash)
      return { steps: [failure(call, account, lock)], answer: refuse(wrong()) };
    if (user.status !== 'active') throw new Refusal('noPermission', 'the user is disabled');
    const { steps, session } = newSession(call, user, devices, guid);
    return { steps: [...steps, ...cleared(call, account, lock, spared)], answer: () => session };
  });
}

export const refuse = (refusal: Refusal) => (): never => {
  throw refusal;
};

/** One more failure of the account: the tenth within the window locks it. */
export function failure(call: Call, account: string, lock: Lock | undefined): Step {
  const recent = (lock?.fails ?? []).filter((at) => at > call.now - WINDOW);
  const fails = [...recent, call.now].slice(-FAILURES);
  const until = fails.length >= FAILURES ? call.now + WINDOW : lock?.until;
  const ttl = Math.ceil((call.now + 2 * WINDOW) / 1000);
  const locks = (until ?? 0) > call.now && (lock?.until ?? 0) <= call.now;
  return measured(
    locks ? 'lock_outs' : 'failed_logins',
    put(
      lockKey(call.app, account),
      { fails, ttl, ...(until !== undefined && { until }) },
      unchanged(lock, 'fails', 'until'),
    ),
  );
}

/** A success clears the count; of a new device it must find the account unlocked in the same moment. */
function cleared(call: Call, account: string, lock: Lock | undefined, spared: boolean): Step[] {
  if (!spared) return [remove(lockKey(call.app, account), unlocked(call.now))];
  return lock ? [remove(lockKey(call.app, account))] : [];
}

/** The login as a device: the same guid keeps its number and loses its session; the one idle longest goes at the limit. */
export function newSession(call: Call, user: User, devices: Device[], guid: string | undefined) {
  const { session_life: life, devices: most } = call.limits;
  const sn = deviceNumber(call.tenant, user.user, devices, guid);
  const known = devices.find((device) => device.sn === sn);
  const token = newUserToken(call.tenant, user.user, sn);
  const expires = call.now + life * 1000;
  const pushToken = guid === undefined ? undefined : (known?.push_token ?? newPushToken());
  const others = devices.filter((device) => device !== known).sort((one, other) => one.seen - other.seen);
  const idle = known ? [] : others.slice(0, Math.max(0, devices.length - most + 1));
  const login = {
    sn,
    guid,
    token: tokenHash(token),
    expires,
    epoch: user.epoch,
    seen: call.now,
    login: call.now,
    made: known?.made ?? call.now,
    agent: agentText(call.userAgent),
    platform: platformOf(agentText(call.userAgent)),
    push_token: pushToken,
  };
  const steps = [
    check(userKey(call.app, user.user), unchanged(user, 'status', 'epoch')),
    measured('logins', update(deviceKey(call.app, user.user, sn), { set: login })),
    ...idle.flatMap((device) => forgetSteps(call, user.user, device)),
  ];
  const session: Session = {
    token,
    user_id: user.user,
    expire: Math.floor(expires / 1000),
    push_token: pushToken ?? '',
    encrypt_type: 0,
    public_key: null,
    access_key_secret: null,
    store_token: null,
  };
  return { steps, session };
}
