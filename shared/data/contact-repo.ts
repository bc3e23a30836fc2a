import type { AppId, UserId } from '../ids.ts';
import { KEPT_IN_LISTS } from '../limits.ts';
import { above, absent, all, any, atMost, equal, unchanged } from './expression.ts';
import { oldestListed } from './keys.ts';
import { asRecord, type Get, getItem, type Item, type Listing, prefix, type Query } from './read.ts';
import type { ItemOf } from './schema.ts';
import * as schema from './schema.ts';
import { tombstoneTtl } from './stamp.ts';
import { because, check, put, remove, type Step, update } from './step.ts';

/** States of a friend request. */
export const WAITING = 0;
const ACCEPTED = 1;
export const REJECTED = 2;

/** What a user keeps about another user. */
export type Contact = ItemOf<typeof schema.contactFields>;
/** How many contacts a user has of each kind. Conditions on it keep the limits. */
export type ContactCounts = ItemOf<typeof schema.contactCountsFields>;
export type Counted = { [name in 'friends' | 'blocked' | 'requests']?: number };

/** Two users, what each keeps about the other, and the counts of both. */
export interface Pair {
  app: AppId;
  user: UserId;
  other: UserId;
  mine: Contact | undefined;
  theirs: Contact | undefined;
  myCounts: ContactCounts | undefined;
  theirCounts: ContactCounts | undefined;
}

export const contactOf = (app: AppId, user: UserId, other: UserId): Get<Contact | undefined> => ({
  get: schema.contact.key(app, user, other),
  bytes: schema.contact.bytes,
  parse: asContact,
});
export const countsOf = (app: AppId, user: UserId): Get<ContactCounts | undefined> =>
  getItem(schema.contactCounts.key(app, user));
export const extOf = (app: AppId, user: UserId, other: UserId): Get<{ ext: string } | undefined> =>
  getItem(schema.contactExt.key(app, user, other), schema.contactExt.bytes);
/** What must be read to change what two users are to each other. */
export const pairOf = (app: AppId, user: UserId, other: UserId) => ({
  mine: contactOf(app, user, other),
  theirs: contactOf(app, other, user),
  myCounts: countsOf(app, user),
  theirCounts: countsOf(app, other),
});

/** The other user of a contact. */
const otherIn = (sk: unknown): UserId => Number(String(sk).slice(schema.contact.sk.prefix.length)) as UserId;

/** The other user of an item in a user's partition; undefined where it is no contact. */
export const contactIn = ({ sk }: { sk: string }): UserId | undefined =>
  sk.startsWith(schema.contact.sk.prefix) ? otherIn(sk) : undefined;

/** Whether the contact has a request that its user can accept. */
export const isOpen = (contact: Contact | undefined, now: number): boolean =>
  contact?.requestStatus === WAITING && (contact.requestExpiresAt ?? 0) > now;

/** Whether the counts contain the request in this contact: also one that has expired since the last recount. */
export const isCounted = (contact: Contact | undefined, counts: ContactCounts | undefined): boolean =>
  isOpen(contact, counts?.recountedAt ?? 0);

/** How the end of the requests in contacts changes the counts of their user. */
export function withoutRequests(
  contacts: readonly (Contact | undefined)[],
  counts: ContactCounts | undefined,
): Counted {
  const ended = contacts.filter((contact) => isCounted(contact, counts)).length;
  // Without any, the counts need not be those that were read.
  return ended > 0 ? { requests: -ended } : {};
}
export const withoutRequest = (contact: Contact | undefined, counts: ContactCounts | undefined): Counted =>
  withoutRequests([contact], counts);

/** Every field: the compiler demands it. */
const ALL_FIELDS: { [field in keyof Contact]-?: true } = {
  friendAt: true,
  deletedAt: true,
  alias: true,
  mute: true,
  ext: true,
  blockedAt: true,
  requestedAt: true,
  requestExpiresAt: true,
  requestReason: true,
  requestStatus: true,
  sentAt: true,
};
const FIELDS = Object.keys(ALL_FIELDS) as (keyof Contact)[];

/** Fields of a contact with their new values; undefined removes. */
type Changes = { [field in keyof Contact]?: Contact[field] | undefined };

const WITHOUT_REQUEST: Changes = {
  requestedAt: undefined,
  requestExpiresAt: undefined,
  requestReason: undefined,
  requestStatus: undefined,
};
const WITHOUT_NOTES: Changes = { alias: undefined, mute: undefined, ext: undefined };

/** What is left of a contact may be a tombstone, which counts as none. */
const asContact = (item: Item | undefined) =>
  item && FIELDS.some((field) => item[field] !== undefined) ? (item as Contact) : undefined;

/**
 * Writes the whole contact, if it still is what was read. A contact without fields is removed.
 * @param endedAt where this contact alone tells what ends: it stays as a tombstone then (ms)
 */
function change(
  app: AppId,
  user: UserId,
  other: UserId,
  was: Contact | undefined,
  changes: Changes,
  endedAt?: number,
): Step {
  const next = { ...was, ...changes };
  const { friendAt, deletedAt, blockedAt, requestedAt, sentAt } = next;
  const key = schema.contact.key(app, user, other);
  const kept = FIELDS.filter((field) => next[field] !== undefined);
  if (kept.length === 0) {
    const asRead = unchanged(was, ...FIELDS);
    return endedAt === undefined ? remove(key, asRead) : put(key, { ttl: tombstoneTtl(endedAt) }, asRead);
  }
  const permanent = friendAt ?? deletedAt ?? blockedAt;
  return put(
    key,
    {
      ...Object.fromEntries(kept.map((field) => [field, next[field]])),
      ...(requestedAt !== undefined && { lsi1sk: schema.contact.orders.requested(requestedAt, other) }),
      // A block hides the friend.
      ...(blockedAt !== undefined
        ? { lsi3sk: schema.contact.orders.blocked(blockedAt, other) }
        : friendAt !== undefined && { lsi3sk: schema.contact.orders.friends(friendAt, other) }),
      ...(permanent === undefined && {
        ttl: Math.ceil(Math.max(requestedAt ?? 0, sentAt ?? 0) / 1000) + KEPT_IN_LISTS,
      }),
    },
    unchanged(was, ...FIELDS),
  );
}

const changeMine = ({ app, user, other, mine }: Pair, changes: Changes, endedAt?: number) =>
  change(app, user, other, mine, changes, endedAt);
const changeTheirs = ({ app, user, other, theirs }: Pair, changes: Changes, endedAt?: number) =>
  change(app, other, user, theirs, changes, endedAt);

/**
 * The contact whose change is the event, since both sides show a friendship: that of the user who acts. So one partition
 * holds what a user does, in its order. A deleted user keeps no contacts, so there it is that of the other user.
 */
const tells = (reason: 'added' | 'removed' | 'deleted', step: Step): Step => because(step, { reason });

/** The changes of one side that begin a friendship; a waiting request is accepted. */
const befriended = (contact: Contact | undefined, friendAt: number): Changes => ({
  friendAt,
  deletedAt: undefined,
  sentAt: undefined,
  ...(contact?.requestStatus === WAITING && { requestStatus: ACCEPTED }),
});

/** The two become friends; a waiting request of either is accepted. @param alias the user's name for the other */
export const befriend = (pair: Pair, now: number, alias = pair.mine?.alias): Step[] => [
  tells('added', changeMine(pair, { ...befriended(pair.mine, now), alias: alias || undefined })),
  changeTheirs(pair, befriended(pair.theirs, now)),
];

/** What a user keeps about a friend. */
interface Notes {
  alias?: string | undefined;
  ext?: string | undefined;
  mute?: boolean | undefined;
}

/** An imported friendship, with the notes of both sides. */
export function befriendImported(pair: Pair, friendAt: number, mine: Notes, theirs: Notes): Step[] {
  const { app, user, other } = pair;
  const changes = (contact: Contact | undefined, { alias, ext, mute }: Notes): Changes => ({
    ...befriended(contact, friendAt),
    alias: alias || undefined,
    mute: mute || undefined,
    ext: ext ? true : undefined,
  });
  return [
    tells('added', changeMine(pair, changes(pair.mine, mine))),
    changeTheirs(pair, changes(pair.theirs, theirs)),
    ...(mine.ext ? [put(schema.contactExt.key(app, user, other), { ext: mine.ext })] : []),
    ...(theirs.ext ? [put(schema.contactExt.key(app, other, user), { ext: theirs.ext })] : []),
  ];
}

/** Sends a request of the user to the other, or renews it. */
export const request = (
  pair: Pair,
  { alias, reason, now, expiresAt }: { alias: string; reason: string; now: number; expiresAt: number },
): Step[] => [
  changeMine(pair, { sentAt: now, alias: alias || undefined }),
  changeTheirs(pair, {
    requestedAt: now,
    requestExpiresAt: expiresAt,
    requestReason: reason,
    requestStatus: WAITING,
  }),
];

/** Rejects the other's request. */
export const reject = (pair: Pair): Step => changeMine(pair, { requestStatus: REJECTED });

const removeExt = (app: AppId, user: UserId, other: UserId, was: Contact | undefined): Step[] =>
  was?.ext ? [remove(schema.contactExt.key(app, user, other))] : [];

/** Ends the friendship. The other user's side remembers who ended it. */
export const unfriend = (pair: Pair, now: number): Step[] => {
  const ended = { ...WITHOUT_NOTES, ...WITHOUT_REQUEST, friendAt: undefined, deletedAt: undefined };
  return [
    tells('removed', changeMine(pair, ended, now)),
    changeTheirs(pair, { ...ended, deletedAt: now }),
    ...removeExt(pair.app, pair.user, pair.other, pair.mine),
    ...removeExt(pair.app, pair.other, pair.user, pair.theirs),
  ];
};

/** Forgets that the other user ended the friendship. */
export const forgetDeletion = (pair: Pair): Step => changeMine(pair, { deletedAt: undefined });

/** Changes what the user keeps about a friend; undefined leaves a field as it is. */
export function describe(pair: Pair, { alias, ext, mute }: Notes): Step[] {
  const { app, user, other } = pair;
  const key = schema.contactExt.key(app, user, other);
  return [
    changeMine(pair, {
      ...(alias !== undefined && { alias: alias || undefined }),
      ...(mute !== undefined && { mute: mute || undefined }),
      ...(ext !== undefined && { ext: ext !== '' || undefined }),
    }),
    ...(ext ? [put(key, { ext })] : ext === '' ? removeExt(app, user, other, pair.mine) : []),
  ];
}

/** Blocks the other user; requests of both are void. A friendship stays. */
export const block = (pair: Pair, now: number): Step[] => {
  const stranger = pair.mine?.friendAt === undefined;
  return [
    changeMine(pair, {
      ...WITHOUT_REQUEST,
      blockedAt: now,
      sentAt: undefined,
      ...(stranger && { alias: undefined }),
    }),
    ...voidTheirs(pair),
  ];
};

/**
 * Voids the request that waits at the other user. One that this user has sent may wait there by now, although the contact
 * that was read does not show it: then the check fails.
 */
function voidTheirs(pair: Pair): Step[] {
  const { app, user, other, mine, theirs } = pair;
  if (theirs?.requestStatus === WAITING) return [changeTheirs(pair, WITHOUT_REQUEST)];
  return mine?.sentAt === undefined ? [] : [check(schema.contact.key(app, other, user), unchanged(theirs, ...FIELDS))];
}

export const unblock = (pair: Pair, now: number): Step => changeMine(pair, { blockedAt: undefined }, now);

/** Removes what two users are to each other, since the user is deleted. The other's block stays. */
export const part = (pair: Pair, now: number): Step[] => {
  const { app, user, other, mine, theirs } = pair;
  const nothing = {
    ...WITHOUT_NOTES,
    ...WITHOUT_REQUEST,
    friendAt: undefined,
    deletedAt: undefined,
    sentAt: undefined,
  };
  return [
    changeMine(pair, { ...nothing, blockedAt: undefined }),
    ...removeExt(app, user, other, mine),
    ...(theirs ? [endTheirs(pair, nothing, now), ...removeExt(app, other, user, theirs)] : []),
  ];
};

/** Removes everything that a user keeps about another who is erased, a block too. */
export const forget = (pair: Pair, now: number): Step[] => {
  const nothing = Object.fromEntries(FIELDS.map((field) => [field, undefined])) as Changes;
  return [tells('deleted', changeMine(pair, nothing, now)), ...removeExt(pair.app, pair.user, pair.other, pair.mine)];
};

const endTheirs = (pair: Pair, nothing: Changes, now: number): Step =>
  pair.theirs?.friendAt === undefined
    ? changeTheirs(pair, nothing)
    : tells('deleted', changeTheirs(pair, nothing, now));

/** Removes what is left of a contact of a deleted user. */
export const removeTombstone = ({ app, user, other }: Pair): Step => change(app, user, other, undefined, {});

/**
 * Adds to the counts of a user. `requests` stands for every change of the waiting requests, also one that leaves their
 * number as it is: it requires that they were not recounted since they were read.
 * @param most what the counts may come to
 */
export function count(
  app: AppId,
  user: UserId,
  was: ContactCounts | undefined,
  add: Counted,
  most: Counted = {},
): Step[] {
  const changes = Object.entries({ ...add, ...(add.requests !== undefined && { revision: 1 }) }).filter(([, by]) => by);
  if (changes.length === 0) return [];
  const conditions = [
    ...Object.entries(most).map(([name, limit]) =>
      any(absent(name), atMost(name, limit - (add[name as keyof Counted] ?? 0))),
    ),
    ...(add.requests === undefined ? [] : [unchanged(was, 'recountedAt')]),
  ];
  return [
    update(
      schema.contactCounts.key(app, user),
      { add: Object.fromEntries(changes) },
      conditions.length > 0 ? all(...conditions) : undefined,
    ),
  ];
}

/** Sets the count of requests, unless one has changed since `was` was read. It must be read before they are counted. */
export const recount = (
  app: AppId,
  user: UserId,
  was: ContactCounts | undefined,
  requests: number,
  recountedAt: number,
): Step =>
  update(
    schema.contactCounts.key(app, user),
    { set: { requests, recountedAt }, add: { revision: 1 } },
    unchanged(was, 'revision'),
  );

/** Everything that a user keeps about others but the texts of `extOf`, by the ids of the others as text. */
export const contactsOf = (app: AppId, user: UserId): Query<{ other: UserId; contact: Contact }[]> => ({
  query: {
    partition: schema.user.partition(app, user),
    between: prefix(schema.contact.sk.prefix),
    entryBytes: schema.contact.bytes,
    all: true,
  },
  parse: ({ items }) =>
    items.flatMap((item) => {
      const contact = asContact(item);
      return contact ? [{ other: otherIn(item.sk), contact }] : [];
    }),
});

/** The friends of a user, who are not blocked, in the order in which they became friends. */
export const friendsInOrder = (app: AppId, user: UserId): Listing<UserId> => ({
  partition: schema.user.partition(app, user),
  order: schema.contact.orders.friends,
  entryBytes: schema.INDEX_BYTES.listedContact,
  entry: ({ sk }) => otherIn(sk),
});

/** Users whom a user has blocked, the last first. */
export const blockedNewestFirst = (app: AppId, user: UserId): Query<UserId[]> => ({
  query: {
    partition: schema.user.partition(app, user),
    index: 'lsi3',
    between: prefix(schema.contact.orders.blocked.prefix),
    entryBytes: schema.INDEX_BYTES.listedContact,
    descending: true,
    all: true,
  },
  parse: ({ items }) => items.map(({ sk }) => otherIn(sk)),
});

/** The requests that a user received in the last 30 days, the newest first. */
export const requestsNewestFirst = (
  app: AppId,
  user: UserId,
  now: number,
): Listing<{ user: UserId; contact: Contact }> => ({
  partition: schema.user.partition(app, user),
  order: schema.contact.orders.requested,
  entryBytes: schema.contact.bytes,
  descending: true,
  from: oldestListed(schema.contact.orders.requested.prefix, now),
  entry: (item: Item) => ({ user: otherIn(item.sk), contact: asRecord<Contact>(item) }),
});

/** How many open requests a user has. */
export const openRequestsOf = (app: AppId, user: UserId, now: number): Query<number> => ({
  query: {
    partition: schema.user.partition(app, user),
    index: 'lsi1',
    between: [oldestListed(schema.contact.orders.requested.prefix, now), `${schema.contact.orders.requested.prefix}~`],
    filter: all(equal('requestStatus', WAITING), above('requestExpiresAt', now)),
    count: true,
    all: true,
  },
  parse: ({ count: open }) => open,
});
