import { absent, any, type Condition, missing, oneOf } from './expression.ts';
import {
  DEVICE,
  deviceKey,
  directoryKey,
  lockKey,
  mobileKey,
  profileKey,
  settingsKey,
  userKey,
  usernameKey,
  userPartition,
} from './keys.ts';
import { type Get, prefix, type Query, record } from './read.ts';
import { put, type Step } from './step.ts';

/** What every call reads of a person: at most 1 KB. Kept for ever, so that an id is never used again. */
export interface User {
  user: number;
  status: 'active' | 'disabled' | 'deleted';
  /** As written by the user; unique without regard to case. */
  username: string;
  mobile?: string;
  password: PasswordHash;
  /** A session is alive while it carries the user's epoch: raising it revokes all of them in one write. */
  epoch: number;
  /** group_confirm: invited only with consent. */
  confirm: boolean;
  /** Groups joined (owned ones included) and owned. */
  joined: number;
  owned: number;
  made: number;
}

/** scrypt with its parameters, so that stronger ones can be introduced without asking for passwords. */
export interface PasswordHash {
  salt: string;
  hash: string;
  N: number;
  r: number;
  p: number;
}

/** Long texts, apart from what every call reads. */
export interface Profile {
  nick_name?: string;
  avatar?: string;
  description?: string;
  email?: string;
  private_info?: string;
  public_info?: string;
}

/** A login: the session is alive while hash, expiry and epoch agree. */
export interface Device {
  sk: string;
  sn: number;
  guid?: string;
  /** SHA-256 of the session's token; absent once revoked. */
  token?: string;
  /** Milliseconds. */
  expires: number;
  epoch: number;
  /** Last call, noted at most once a minute an instance. */
  seen: number;
  made: number;
  agent: string;
  platform: number;
  push_token?: string;
  device_token?: string;
  notifier?: string;
}

/** Failed logins of one account; times in milliseconds. */
export interface Lock {
  fails: number[];
  /** Logins of new devices are refused until then. */
  until?: number;
}

export interface NameHolder {
  user: number;
}

export const userOf = (app: string, user: number): Get<User | undefined> => record(userKey(app, user));
export const profileOf = (app: string, user: number): Get<Profile | undefined> => record(profileKey(app, user));
export const settingsOf = <T>(app: string, user: number): Get<T | undefined> => record(settingsKey(app, user));
export const usernameOf = (app: string, username: string): Get<NameHolder | undefined> =>
  record(usernameKey(app, username));
export const mobileOf = (app: string, mobile: string): Get<NameHolder | undefined> => record(mobileKey(app, mobile));
export const lockOf = (app: string, account: string): Get<Lock | undefined> => record(lockKey(app, account));
export const deviceOf = (app: string, user: number, sn: number): Get<Device | undefined> =>
  record(deviceKey(app, user, sn));
/** All devices of a person (few: the limit is 20). */
export const devicesOf = (app: string, user: number): Query<Device[]> => ({
  query: { partition: userPartition(app, user), between: prefix(DEVICE) },
  parse: ({ items }) => items as unknown as Device[],
});

/** A new user with its name and its place in the directory. */
export const putUser = (app: string, user: User): Step[] => [
  put(userKey(app, user.user), user, missing),
  put(usernameKey(app, user.username), { user: user.user }, missing),
  put(directoryKey(app, user.made, user.user), {}),
];

/** Not locked at `now`. */
export const unlocked = (now: number): Condition =>
  any(absent('until'), (e) => `${e.name('until')} <= ${e.value(now)}`);

/** A user that is there, disabled or not. */
export const LIVING = oneOf('status', ['active', 'disabled']);
