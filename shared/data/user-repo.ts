import { absent, all, any, type Condition, equal, missing, oneOf } from './expression.ts';
import {
  DEVICE,
  deviceKey,
  directoryKey,
  directoryPartition,
  lockKey,
  mobileKey,
  profileKey,
  pushTokenKey,
  settingsKey,
  tagsKey,
  userKey,
  usernameKey,
  userPartition,
} from './keys.ts';
import { type Get, getItem, prefix, type Query } from './read.ts';
import { MOST_BYTES } from './sizes.ts';
import { measured, put, type Step } from './step.ts';

/** What every call reads of a person: at most 1 KB. Kept for ever, so that an id is never used again. */
export interface User {
  user: number;
  status: 'active' | 'disabled' | 'deleted';
  /** As the user wrote it; unique as `comparedName` compares it. */
  username: string;
  mobile?: string;
  /** Absent for who was imported without one: no password logs in until one is set. */
  password?: PasswordHash;
  /** A session is alive while it carries the user's epoch: raising it revokes all of them in one write. */
  epoch: number;
  /** group_confirm: invited only with consent. */
  confirm: boolean;
  /** Groups joined (owned ones included) and owned. */
  joined: number;
  owned: number;
  createdAt: number;
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
  expiresAt: number;
  epoch: number;
  /** Last call, written at most once per minute. */
  seen: number;
  createdAt: number;
  /** Last login; absent for a device that was only registered for push. */
  login?: number;
  /** Passwords that failed here since (ms), the last ten at most. */
  fails?: number[];
  agent: string;
  platform: number;
  push_token?: string;
  device_token?: string;
  notifier?: string;
}

/** Failed logins of one account, by whatever device; times in milliseconds. */
export interface Lock {
  fails: number[];
  /** Logins of new devices are refused until then. */
  lockedUntil?: number;
}

export interface NameHolder {
  user: number;
}

/** Who holds a push service's device token. */
export interface PushTokenHolder {
  user: number;
  sn: number;
}

/** Set of tags in the order of binding. */
export interface Tags {
  tags: string[];
}

export const userOf = (app: string, user: number): Get<User | undefined> => getItem(userKey(app, user));
export const profileOf = (app: string, user: number): Get<Profile | undefined> =>
  getItem(profileKey(app, user), MOST_BYTES.profile);
export const settingsOf = <T>(app: string, user: number): Get<T | undefined> =>
  getItem(settingsKey(app, user), MOST_BYTES.settings);
export const usernameOf = (app: string, username: string): Get<NameHolder | undefined> =>
  getItem(usernameKey(app, username));
export const mobileOf = (app: string, mobile: string): Get<NameHolder | undefined> => getItem(mobileKey(app, mobile));
export const lockOf = (app: string, account: string): Get<Lock | undefined> => getItem(lockKey(app, account));
export const deviceOf = (app: string, user: number, sn: number): Get<Device | undefined> =>
  getItem(deviceKey(app, user, sn), MOST_BYTES.device);
export const tagsOf = (app: string, user: number): Get<Tags | undefined> =>
  getItem(tagsKey(app, user), MOST_BYTES.tags);
export const pushTokenOf = (app: string, hash: string): Get<PushTokenHolder | undefined> =>
  getItem(pushTokenKey(app, hash));
/** All devices of a person (few: the limit is 20). */
export const devicesOf = (app: string, user: number): Query<Device[]> => ({
  query: {
    partition: userPartition(app, user),
    between: prefix(DEVICE),
    entryBytes: MOST_BYTES.device,
    all: true,
  },
  parse: ({ items }) => items as unknown as Device[],
});

/** A new user with its name and its place in the directory. */
export const putUser = (app: string, user: User): Step[] => [
  measured('registrations', put(userKey(app, user.user), user, missing)),
  put(usernameKey(app, user.username), { user: user.user }, missing),
  put(directoryKey(app, user.createdAt, user.user), {}),
];

/** A name or number that is free, or this user's already. */
export const freeFor = (user: number): Condition => any(missing, equal('user', user));

/** A push token that nobody holds, or this device. */
export const freeHolder = (user: number, sn: number): Condition =>
  any(missing, all(equal('user', user), equal('sn', sn)));

/** Order of registration: ids of the users that are there. */
export const directoryOf = (
  app: string,
  { from, limit, count }: { from: string; limit: number; count?: boolean },
): Query<{ users: number[]; last: string | undefined }> => ({
  query: {
    partition: directoryPartition(app),
    between: [from, '~'],
    entryBytes: MOST_BYTES.directoryEntry,
    limit,
    all: true,
    ...(count && { count }),
  },
  parse: ({ items, last }) => ({
    users: items.map(({ sk }) => Number(String(sk).split('#')[1])),
    last: (items.at(-1) ?? last)?.sk as string | undefined,
  }),
});

/** Not locked at `now`. */
export const unlocked = (now: number): Condition =>
  any(absent('lockedUntil'), (e) => `${e.name('lockedUntil')} <= ${e.value(now)}`);

/** A user that is there, disabled or not. */
export const NOT_DELETED = oneOf('status', ['active', 'disabled']);

/** A page of everything in a user's partition but the user: its keys, and with devices their push token. */
export const itemsOf = (app: string, user: number, limit: number): Query<Pick<Device, 'sk'>[]> => ({
  query: { partition: userPartition(app, user), between: ['A', '~'], limit },
  parse: ({ items }) => items as unknown as Pick<Device, 'sk'>[],
});
