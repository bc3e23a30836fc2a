import type { AppId, UserId } from '../ids.ts';
import type { Device } from './device-repo.ts';
import { any, equal, missing, oneOf, unchanged } from './expression.ts';
import { INDEXED_NAME_FORM, indexedId, indexedName, time, usernameKey } from './keys.ts';
import { type Get, getItem, getItems, type Listing, type Query } from './read.ts';
import type { ItemOf } from './schema.ts';
import * as schema from './schema.ts';
import { because, check, measured, put, remove, type Step, update } from './step.ts';

export { comparedName } from './keys.ts';

/** What every call reads of a person: at most 1 KB. Kept for ever, so that an id is never used again. */
export type User = ItemOf<typeof schema.userFields>;

/** scrypt with its parameters, so that stronger ones can be introduced without asking for passwords. */
export interface PasswordHash {
  salt: string;
  hash: string;
  N: number;
  r: number;
  p: number;
}

/** The user who holds a username or mobile number. */
export type NameHolder = ItemOf<typeof schema.holderFields>;

/** Whether the user exists: disabled ones do, deleted ones do not. */
export const isUser = (user: User | undefined): user is User => user !== undefined && user.status !== 'deleted';

/** Whether the user was erased (docs/privacy.md): its item says that the number is used, and nothing else. */
export const isErased = (user: Pick<User, 'status' | 'createdAt'> | undefined): boolean =>
  user?.status === 'deleted' && user.createdAt === ERASED_AT;
/** No user was created then. */
export const ERASED_AT = 0;

export const userOf = (app: AppId, user: UserId): Get<User | undefined> => getItem(schema.user.key(app, user));
export const usernameOf = (app: AppId, username: string): Get<NameHolder | undefined> =>
  getItem(usernameKey(app, username));
export const mobileOf = (app: AppId, mobile: string): Get<NameHolder | undefined> =>
  getItem(schema.mobile.key(app, mobile));

/** Condition on a user: not deleted. */
export const NOT_DELETED = oneOf('status', ['active', 'disabled']);
/** Condition on a username or mobile number: free, or held by this user. */
const freeFor = (user: UserId) => any(missing, equal('user', user));

/** Proves in a transaction that the user is not deleted. */
export const checkExists = (app: AppId, user: UserId): Step => check(schema.user.key(app, user), NOT_DELETED);
/** Proves in a transaction that the user was neither disabled nor signed out since it was read. */
export const checkSessions = (app: AppId, user: User): Step =>
  check(schema.user.key(app, user.user), unchanged(user, 'status', 'epoch'));

/** What a username's item holds: its user, and its place in the index. */
const holderOf = (app: AppId, user: UserId, username: string) => ({
  user,
  ...schema.username.gsi1(app, indexedName(username), user),
});

/** The most bytes of an entry of the index of names: 64 characters at 7 bytes, and 3 in the key of the table. */
const NAME_ENTRY_BYTES = 900;

/**
 * The users whose usernames begin like this, in their order, as the global index has them. It lags behind: a user may have
 * another name by now. Of a long beginning it compares only the first 64 characters.
 */
export const usernamesFrom = (app: AppId, beginning: string): Listing<UserId> => ({
  partition: schema.username.gsi1(app, '', 0 as UserId).gsi1pk,
  order: { index: 'gsi1', prefix: indexedName(beginning), form: INDEXED_NAME_FORM },
  entryBytes: NAME_ENTRY_BYTES,
  entry: (item) => indexedId(item) as UserId,
});

/** A new user with its name and its place in the directory. @param via the issuer whose token registered it */
export const putUser = (app: AppId, user: User, via?: string): Step[] => [
  measured('registrations', madeVia(put(schema.user.key(app, user.user), user, missing), via)),
  put(usernameKey(app, user.username), holderOf(app, user.user, user.username), missing),
  put(schema.directoryEntry.key(app, user.createdAt, user.user), {}),
];

const madeVia = (step: Step, via: string | undefined): Step => (via === undefined ? step : because(step, { via }));

/** Another username; the old one is free at once. A username that compares as equal keeps its item. */
export function rename(app: AppId, user: User, username: string): Step[] {
  const [before, after] = [usernameKey(app, user.username), usernameKey(app, username)];
  const free = freeFor(user.user);
  return [
    ...(before.pk === after.pk ? [] : [put(after, holderOf(app, user.user, username), free), remove(before, free)]),
    update(schema.user.key(app, user.user), { set: { username } }, unchanged(user, 'status', 'username')),
  ];
}

/** Another mobile number; the old one is free at once. */
export const changeMobile = (app: AppId, user: User, mobile: string): Step[] => [
  put(schema.mobile.key(app, mobile), { user: user.user }, freeFor(user.user)),
  ...freeMobile(app, user),
  update(schema.user.key(app, user.user), { set: { mobile } }, unchanged(user, 'status', 'mobile')),
];

const freeMobile = (app: AppId, { user, mobile }: User): Step[] =>
  mobile === undefined ? [] : [remove(schema.mobile.key(app, mobile), freeFor(user))];

/**
 * Another password by a user who knows the old one: all sessions end but those that move to the epoch with it.
 * @param kept the device whose session does
 */
export function changePassword(
  app: AppId,
  user: User,
  password: PasswordHash | undefined,
  epoch: number,
  kept: number | undefined,
): Step {
  const step = update(
    schema.user.key(app, user.user),
    { set: { password, epoch } },
    unchanged(user, 'status', 'epoch'),
  );
  return kept === undefined ? step : because(step, { kept });
}

/** Another password, whatever the old one is; all sessions end. */
export const resetPassword = (app: AppId, user: UserId, password: PasswordHash): Step =>
  update(schema.user.key(app, user), { set: { password }, add: { epoch: 1 } }, NOT_DELETED);

/** Ends all sessions. */
export const endSessions = (app: AppId, user: UserId): Step =>
  update(schema.user.key(app, user), { add: { epoch: 1 } }, NOT_DELETED);

export const enable = (app: AppId, user: UserId): Step =>
  update(schema.user.key(app, user), { set: { status: 'active' } }, NOT_DELETED);

/** Disables the user and ends all sessions. */
export const disable = (app: AppId, user: UserId): Step =>
  update(schema.user.key(app, user), { set: { status: 'disabled' }, add: { epoch: 1 } }, NOT_DELETED);

/** Whether the user joins groups only by consent. */
export const requireConsent = (app: AppId, user: UserId, confirm: boolean): Step =>
  update(schema.user.key(app, user), { set: { confirm } }, NOT_DELETED);

/** Leaves a tombstone in the user's place and frees its names. The rest is a job of kind "deleted user". */
export const bury = (app: AppId, user: User): Step[] => [
  measured(
    'users_deleted',
    update(
      schema.user.key(app, user.user),
      {
        set: {
          status: 'deleted',
          epoch: user.epoch + 1,
          username: '',
          mobile: undefined,
          password: undefined,
          identities: undefined,
        },
      },
      unchanged(user, 'status', 'epoch', 'username', 'mobile'),
    ),
  ),
  remove(usernameKey(app, user.username), freeFor(user.user)),
  ...freeMobile(app, user),
  remove(schema.directoryEntry.key(app, user.createdAt, user.user)),
];

/** A page of everything in a user's partition but the user: its keys, and with devices their push token. */
export const itemsOf = (app: AppId, user: UserId, limit: number): Query<Pick<Device, 'sk'>[]> =>
  getItems({ partition: schema.user.partition(app, user), between: ['A', '~'], limit });

/** Sort keys in the directory. */
export const DIRECTORY_FORM = /^\d{13}#\d{1,16}$/;
/** Sorts before the first user of the directory. */
export const DIRECTORY_BEGIN = '0';
export const directoryPosition = ({ createdAt, user }: User): string => `${time(createdAt)}#${user}`;

export interface DirectoryPage {
  users: UserId[];
  /** Their sort keys. */
  positions: string[];
  /** How many users, where they are only counted. */
  count: number;
  /** Sort key of the last user; undefined where there is none. */
  last: string | undefined;
  /** The database has more to bring. */
  more: boolean;
}

/** The ids of the app's users in order of registration. @param given.to the last sort key */
export const directoryOf = (
  app: AppId,
  given: { from: string; to?: string | undefined; limit?: number; count?: boolean },
): Query<DirectoryPage> => {
  const { from, to = '~', limit, count } = given;
  return {
    query: {
      partition: schema.directoryEntry.partition(app),
      between: [from, to],
      entryBytes: schema.directoryEntry.bytes,
      all: true,
      ...(limit !== undefined && { limit }),
      ...(count && { count }),
    },
    parse: ({ items, last, ...page }) => ({
      positions: items.map(({ sk }) => String(sk)),
      users: items.map(({ sk }) => Number(String(sk).split('#')[1]) as UserId),
      count: page.count,
      last: (items.at(-1) ?? last)?.sk as string | undefined,
      more: last !== undefined,
    }),
  };
};

/** The sort key of the user who registered last. */
export const directoryEnd = (app: AppId): Query<string | undefined> => ({
  query: {
    partition: schema.directoryEntry.partition(app),
    between: [DIRECTORY_BEGIN, '~'],
    descending: true,
    limit: 1,
  },
  parse: ({ items }) => items[0]?.sk as string | undefined,
});
