import type { Key } from './entity.ts';
import * as schema from './schema.ts';

/** The keys of the table by the names that repositories use: all are made from the schema. */
export type { Key };

/** Milliseconds as a sortable part of a key; `FOR_EVER` is the largest. */
export const time = (ms: number) => String(ms).padStart(13, '0');
/** A time after every other, for bans that do not end. */
export const FOR_EVER = 9_999_999_999_999;

// ——— app ———
export const appKey = schema.app.key;
export const appIndex = schema.app.gsi1;
export const adminTokenKey = schema.adminToken.key;
export const adminTokenIndex = schema.adminToken.gsi1;
export const counterKey = schema.counterShard.key;
export const directoryPartition = schema.directoryEntry.partition;
export const directoryKey = schema.directoryEntry.key;
export const publicGroupPartition = schema.publicGroup.partition;
export const publicGroupKey = schema.publicGroup.key;
export const dissolvedPartition = schema.dissolvedGroup.partition;
export const DISSOLVED = schema.dissolvedGroup.sk.prefix;
export const dissolvedKey = schema.dissolvedGroup.key;
export const CLEANED = schema.cleanedGroup.sk.prefix;
export const cleanedKey = schema.cleanedGroup.key;

// ——— names, locks, idempotency ———
/** What usernames are made of: each of these characters is one in NFKC too, and of this alphabet. */
export const USERNAME = /^[A-Za-z0-9_\p{Script=Han}]{1,64}$/u;
/** Usernames as they are compared: in NFKC (a radical is its character) and without regard to case. */
export const comparedName = (username: string) => username.normalize('NFKC').toLowerCase();
/** Where a username lies. What can be no username, of any length, has the key of the empty one, which no user has. */
export const usernameKey = (app: string, username: string) => {
  const name = comparedName(username);
  return schema.username.key(app, USERNAME.test(name) ? name : '');
};
export const mobileKey = schema.mobile.key;
export const pushTokenKey = schema.pushToken.key;
export const lockKey = schema.lock.key;
export const idempotencyKey = (app: string, hash: string, part = 0) => schema.idempotencyRecord.key(app, hash, part);

// ——— user ———
export const userPartition = schema.user.partition;
export const userKey = schema.user.key;
export const profileKey = schema.profile.key;
export const settingsKey = schema.settings.key;
export const tagsKey = schema.tags.key;
export const DEVICE = schema.device.sk.prefix;
export const deviceKey = schema.device.key;
export const userMembershipKey = schema.userMembership.key;
export const joinedGroupOrder = schema.userMembership.orders.joined;
export const JOINED_GROUP = joinedGroupOrder.prefix;
export const voidOrder = schema.userMembership.orders.void;
export const VOID = voidOrder.prefix;
export const administeredGroupOrder = schema.userMembership.orders.administered;
export const ADMINISTERED_GROUP = administeredGroupOrder.prefix;
export const invitationKey = schema.invitation.key;
export const INVITATION = schema.invitation.sk.prefix;
export const invitationsToGroup = (group: number) => `${INVITATION}${group}#`;
export const invitationOrder = schema.invitation.orders.newest;

// ——— group ———
export const groupKey = schema.group.key;
export const groupInfoKey = schema.groupInfo.key;
export const groupTextKey = schema.groupText.key;
export const sequenceKey = schema.sequence.key;
export const groupMembershipPartition = schema.groupMembership.partition;
export const GROUP_MEMBERSHIP = schema.groupMembership.sk.prefix;
export const groupMembershipKey = schema.groupMembership.key;
export const memberOrder = schema.groupMembership.orders.joined;
export const MEMBER = memberOrder.prefix;
export const blockOrder = schema.groupMembership.orders.blocked;
export const BLOCKED = blockOrder.prefix;
export const BANNED = schema.groupMembership.orders.banned.prefix;
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
export const bansInSlot = (slot: number) => `${BANNED}${time(slot)}#`;
export const banOrder = (banned: number, bannedUntil: number, user: number) =>
  schema.groupMembership.orders.banned(banSlot(banned, bannedUntil), banned, user);
export const adminOrder = schema.groupMembership.orders.admin;
export const ADMIN = adminOrder.prefix;
export const applicationKey = schema.application.key;
export const APPLICATION = schema.application.sk.prefix;
export const applicationOrder = schema.application.orders.newest;
export const announcementPartition = schema.announcement.partition;
export const announcementKey = schema.announcement.key;
export const announcementTextKey = schema.announcementText.key;
export const filePartition = schema.file.partition;
export const fileKey = schema.file.key;
export const fileOrder = schema.file.orders.newest;
export const FILE = fileOrder.prefix;
/** Partition of the global index that holds the files of an app, reserved ones too. */
export const filesIndexed = (app: string) => schema.file.gsi1(app, 0, 0).gsi1pk;
export const fileIndex = schema.file.gsi1;
/** The group in whose partition an item lies. */
export const groupIn = (pk: string) => Number(pk.split('#')[2]);
/** `random` is part of the address of a form's upload. */
export const registrationKey = schema.registration.key;

// ——— background ———
/** The table's stream hands every item of this prefix to the background function. */
export const JOB = 'J#';
export const jobKey = schema.job.key;
/**
 * Partitions of the global index that hold all jobs, by the first digit of their random ids. One partition in the order
 * of time would be written at its end by the jobs of all apps: it takes 1,000 writes a second, and throttles the table
 * beyond.
 */
export const JOBS = [...'0123456789abcdef'].map((digit) => `JOBS#${digit}`);
export const jobIndex = (id: string) => schema.job.gsi1(id[0] ?? '', id);

// ——— queue of writes that count on one item ———
const countedGroup = ({ pk }: Key) => {
  const [, app = '', group] = pk.split('#');
  return [app, Number(group)] as const;
};
export const queuedKey = (counted: Key, at: number, id: string): Key =>
  schema.queuedWrite.key(...countedGroup(counted), at, id);
const QUEUED = schema.queuedWrite.sk.prefix;
export const queuedSince = (counted: Key, since: number) => ({
  partition: schema.queuedWrite.partition(...countedGroup(counted)),
  between: [`${QUEUED}${time(since)}`, `${QUEUED}~`] as const,
});
export const leaseKey = (counted: Key): Key => schema.queueLease.key(...countedGroup(counted));
