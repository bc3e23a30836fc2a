import type { AppId, GroupId, UserId } from '../ids.ts';
import { KEPT_IN_LISTS } from '../limits.ts';
import type { Key } from './entity.ts';
import * as schema from './schema.ts';

/** Parts of keys that take more than a template of the schema: computed orders, compared names. */

export type { Key };

/** Milliseconds as a sortable part of a key; `FOR_EVER` is the largest. */
export const time = (ms: number) => String(ms).padStart(13, '0');
/** The oldest entry that lists show of those whose sort keys are a prefix and the time when they were made. */
export const oldestListed = (prefix: string, now: number) => `${prefix}${time(now - KEPT_IN_LISTS * 1000)}`;
/** A time after every other, for bans that do not end. */
export const FOR_EVER = 9_999_999_999_999;

// ——— names, locks, idempotency ———
/** What usernames are made of: each of these characters is one in NFKC too, and of this alphabet. */
export const USERNAME = /^[A-Za-z0-9_\p{Script=Han}]{1,64}$/u;
/** Usernames as they are compared: in NFKC (a radical is its character) and without regard to case. */
export const comparedName = (username: string) => username.normalize('NFKC').toLowerCase();
/** Where a username lies. What can be no username, of any length, has the key of the empty one, which no user has. */
export const usernameKey = (app: AppId, username: string) => {
  const name = comparedName(username);
  return schema.username.key(app, USERNAME.test(name) ? name : '');
};
/** Characters of a name that its key in the index has. */
const INDEXED = 64;
/**
 * A name as its key in the global index has it: as names are compared, in ASCII, and in the order of its characters. So
 * what begins alike stands together, and no name forges a key.
 */
export const indexedName = (name: string): string =>
  [...comparedName(name)]
    .slice(0, INDEXED)
    .map((one) => (/[0-9a-z_]/.test(one) ? one : `{${one.codePointAt(0)!.toString(16).padStart(6, '0')}`))
    .join('');
/** Sort keys of names in the global index. */
export const INDEXED_NAME_FORM = /^[0-9a-z_{]*#\d{1,16}$/;
/** The id in such a sort key, and in that of `GROUPS`. */
export const indexedId = ({ gsi1sk }: { gsi1sk?: unknown }): number => Number(String(gsi1sk).split('#')[1]);

export const idempotencyKey = (app: AppId, hash: string, part = 0) => schema.idempotencyRecord.key(app, hash, part);

// ——— user ———
export const invitationsToGroup = (group: GroupId) => `${schema.invitation.sk.prefix}${group}#`;

// ——— group ———
const MINUTE = 60_000;
/** Widths of slots (ms): 1, 2, 4, … minutes, as far as times go. */
const SLOTS = Array.from({ length: 28 }, (_, power) => MINUTE * 2 ** power);
/**
 * The end of the slot that a ban stands in (ms): the ban's own, rounded up to a multiple of the largest width that is
 * not longer than the ban. So bans that run stand in slots that have not ended, and only few others stand there: a ban
 * that has ended stays for as long as it has run, at most. Within its slot a ban stands by the time when it was made.
 */
export function banSlot(banned: number, bannedUntil: number): number {
  const width = SLOTS.findLast((width) => width <= bannedUntil - banned) ?? MINUTE;
  return Math.min(FOR_EVER, Math.ceil(bannedUntil / width) * width);
}
/** The slots of all bans that may run at this moment, some 60. The fourth of each width: clocks differ a little. */
export const banSlots = (now: number): number[] => [
  ...new Set(
    SLOTS.flatMap((width) => [1, 2, 3, 4].map((nth) => Math.min(FOR_EVER, (Math.floor(now / width) + nth) * width))),
  ),
];
export const bansInSlot = (slot: number) => `${schema.groupMembership.orders.banned.prefix}${time(slot)}#`;
export const banOrder = (banned: number, bannedUntil: number, user: UserId) =>
  schema.groupMembership.orders.banned(banSlot(banned, bannedUntil), banned, user);
/** Partition of the global index that holds the files of an app, reserved ones too. */
export const filesIndexed = (app: AppId) => schema.file.gsi1(app, 0 as GroupId, 0).gsi1pk;
/** The group in whose partition an item lies. */
export const groupIn = (pk: string) => Number(pk.split('#')[2]) as GroupId;

// ——— background ———
/** The table's stream hands every item of this prefix to the background function. */
export const JOB = 'J#';
/**
 * Partitions of the global index that hold all jobs, by the first digit of their random ids. One partition in the order
 * of time would be written at its end by the jobs of all apps: it takes 1,000 writes a second, and throttles the table
 * beyond.
 */
export const JOBS = [...'0123456789abcdef'].map((digit) => `JOBS#${digit}`);
export const jobIndex = (id: string) => schema.job.gsi1(id[0] ?? '', id);

// ——— queue of writes that count on one item ———
const countedGroup = ({ pk }: Key) => {
  const [, app, group] = pk.split('#');
  return [app as AppId, Number(group) as GroupId] as const;
};
export const queuedKey = (counted: Key, at: number, id: string): Key =>
  schema.queuedWrite.key(...countedGroup(counted), at, id);
const QUEUED = schema.queuedWrite.sk.prefix;
export const queuedSince = (counted: Key, since: number) => ({
  partition: schema.queuedWrite.partition(...countedGroup(counted)),
  between: [`${QUEUED}${time(since)}`, `${QUEUED}~`] as const,
});
export const leaseKey = (counted: Key): Key => schema.queueLease.key(...countedGroup(counted));
