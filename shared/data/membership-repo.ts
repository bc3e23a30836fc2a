import type { AppId, GroupId, UserId } from '../ids.ts';
import { absent, all, any, below, type Condition, equal, unchanged } from './expression.ts';
import { banOrder, FOR_EVER, time } from './keys.ts';
import { after, asRecord, type Get, getItem, type Listing, prefix, type Query } from './read.ts';
import type { ItemOf, Keyed } from './schema.ts';
import * as schema from './schema.ts';
import { tombstoneTtl } from './stamp.ts';
import { because, check, measured, put, remove, type Step, update } from './step.ts';
import { NOT_DELETED } from './user-repo.ts';

export { FOR_EVER };
export const MEMBER_ROLE = 0;
export const ADMIN_ROLE = 1;
export const OWNER_ROLE = 2;
export type Role = 0 | 1 | 2;

/**
 * The item below the group: the user is a member or blocked, never both, since it is one item. Without a state it only
 * carries a running ban or a pending application, or is a tombstone: it tells how a membership or block has ended.
 */
export type GroupMembership = Keyed<ItemOf<typeof schema.groupMembershipFields>> & { ttl?: number };

/** What a member had in another system: start (ms), role and own settings. */
export type ImportedMembership = {
  [field in 'role' | 'joined' | 'adminSince' | 'name' | 'mute' | 'push']?: GroupMembership[field] | undefined;
};

/** The item below the user. It outlives the membership as long as there are invitations that it settled or voided. */
export type UserMembership = Keyed<ItemOf<typeof schema.userMembershipFields>>;

export const groupMembershipOf = (app: AppId, group: GroupId, user: UserId): Get<GroupMembership | undefined> =>
  getItem(schema.groupMembership.key(app, group, user));
export const userMembershipOf = (app: AppId, user: UserId, group: GroupId): Get<UserMembership | undefined> =>
  getItem(schema.userMembership.key(app, user, group));
/** The user of a group membership. */
export const memberIn = ({ sk }: GroupMembership): UserId =>
  Number(sk.slice(schema.groupMembership.sk.prefix.length)) as UserId;
/** The group of a user membership. */
export const groupOfUserMembership = (sk: string): GroupId => Number(sk.slice('E#'.length)) as GroupId;

export const isMember = (
  membership: GroupMembership | undefined,
): membership is GroupMembership & { state: 'member'; role: Role; joined: number } => membership?.state === 'member';
/** The end of a ban that still runs. */
export const runningBanEnd = (membership: GroupMembership | undefined, now: number) =>
  (membership?.bannedUntil ?? 0) > now ? membership?.bannedUntil : undefined;

/** Groups that a user has joined, in order of joining. */
export const groupsJoinedOf = (app: AppId, user: UserId): Query<GroupId[]> => ({
  query: {
    partition: schema.user.partition(app, user),
    index: 'lsi1',
    between: prefix(schema.userMembership.orders.joined.prefix),
    entryBytes: schema.userMembership.bytes,
    all: true,
  },
  parse: ({ items }) => items.map(({ sk }) => groupOfUserMembership(String(sk))),
});

/** The user memberships that settled or voided invitations since `from` (ms): of groups joined or blocked from. */
export const voidingMembershipsOf = (
  app: AppId,
  user: UserId,
  from: number,
): Query<(UserMembership & { group: GroupId })[]> => ({
  query: {
    partition: schema.user.partition(app, user),
    index: 'lsi2',
    between: prefix(
      schema.userMembership.orders.void.prefix,
      `${schema.userMembership.orders.void.prefix}${time(from)}`,
    ),
    entryBytes: schema.userMembership.bytes,
    all: true,
  },
  parse: ({ items }) =>
    items.map((item) => ({ ...asRecord<UserMembership>(item), group: groupOfUserMembership(String(item.sk)) })),
});

/** The members of a group in order of joining. */
export const membersInOrder = (app: AppId, group: GroupId): Listing<GroupMembership> => ({
  partition: schema.groupMembership.partition(app, group),
  order: schema.groupMembership.orders.joined,
  entryBytes: schema.groupMembership.bytes,
  entry: asRecord<GroupMembership>,
});

/** All group memberships of a group: of members, blocked users, and users with only a ban or an application. */
export const groupMembershipsOf = (app: AppId, group: GroupId): Query<(GroupMembership & { lsi1sk?: string })[]> => ({
  query: {
    partition: schema.groupMembership.partition(app, group),
    between: prefix(schema.groupMembership.sk.prefix),
    all: true,
  },
  parse: ({ items }) => items.map(asRecord<GroupMembership & { lsi1sk?: string }>),
});

/** Sort keys of group memberships. */
export const MEMBERSHIP_FORM = schema.groupMembership.sk.form;

/** Group memberships after a sort key, in an order of their own, and the key of the last one if there are more. */
export const groupMembershipsAfter = (
  app: AppId,
  group: GroupId,
  position: string | undefined,
  limit: number,
): Query<{ memberships: GroupMembership[]; end: string | undefined }> => {
  const start = schema.groupMembership.sk.prefix;
  return {
    query: {
      partition: schema.groupMembership.partition(app, group),
      between: prefix(start, position === undefined ? start : after(position)),
      entryBytes: schema.groupMembership.bytes,
      limit,
      all: true,
    },
    parse: ({ items, last }) => ({
      memberships: items.map(asRecord<GroupMembership>),
      end: last?.sk as string | undefined,
    }),
  };
};

/** The ids of all members of a group. */
export const memberIdsOf = (app: AppId, group: GroupId): Query<UserId[]> => ({
  query: {
    partition: schema.groupMembership.partition(app, group),
    index: 'lsi1',
    between: prefix(schema.groupMembership.orders.joined.prefix),
    entryBytes: schema.groupMembership.bytes,
    all: true,
  },
  parse: ({ items }) => items.map((item) => memberIn(asRecord<GroupMembership>(item))),
});

/** Groups that a user has joined, or has left or been blocked from lately, in an order of their own. */
export const groupsOfUser = (app: AppId, user: UserId): Listing<GroupId> => ({
  partition: schema.user.partition(app, user),
  order: schema.userMembership.sk,
  entryBytes: schema.userMembership.bytes,
  entry: ({ sk }) => groupOfUserMembership(String(sk)),
});

/** When a group membership without state has nothing left to carry (s): never with a ban for ever. */
export const groupMembershipTtl = (bannedUntil: number | undefined, other: number) =>
  bannedUntil === FOR_EVER ? undefined : Math.max(Math.ceil((bannedUntil ?? 0) / 1000), other);

/** Seconds: longer than any invitation, application or QR code lives. */
const USER_MEMBERSHIP_KEPT = 32 * 86_400;
/** When a user membership that has ended is of no use any more (s). */
export const userMembershipTtl = (now: number) => Math.ceil(now / 1000) + USER_MEMBERSHIP_KEPT;

export const unchangedRole = (was: GroupMembership): Condition => unchanged(was, 'state', 'role');

/** Proves that a member still has the role that was read. */
export const sameRole = (app: AppId, group: GroupId, user: UserId, was: GroupMembership): Step =>
  check(schema.groupMembership.key(app, group, user), unchangedRole(was));

/** Proves that the very membership that was read still exists, with its role. */
export const sameMembership = (app: AppId, group: GroupId, user: UserId, was: GroupMembership): Step =>
  check(schema.groupMembership.key(app, group, user), unchanged(was, 'state', 'role', 'joined'));

/** Proves that the user is a member. */
export const stillMember = (app: AppId, group: GroupId, user: UserId): Step =>
  check(schema.groupMembership.key(app, group, user), equal('state', 'member'));

/** How a user joins, and what must hold of the user in the write. */
export interface Joining {
  via: 'created' | 'invited' | 'invitation' | 'applied' | 'application' | 'qrcode' | 'imported';
  /** The person who lets the user in. */
  by?: UserId;
  now: number;
  /** Orders users that join by one call. */
  index: number;
  role: Role;
  /** Groups that the user may have joined at most, this one included. */
  mostJoined: number;
  /** The same of groups owned. */
  mostOwned?: number;
  /** The user must not have asked to consent to invitations. */
  unasked?: boolean;
  /** Time of the invitation that is accepted: the user has neither joined nor been blocked since. */
  invited?: number;
  /** Time at which the QR code was signed: the user has not been kicked since. */
  signed?: number;
  /** Only imported memberships begin before `now`. */
  imported?: Omit<ImportedMembership, 'role'>;
}

const olderThan = (attribute: string, time: number) => any(absent(attribute), below(attribute, time));

/**
 * The user becomes a member: both memberships and the user's count. The group's count belongs into the same transaction.
 * A running ban continues. All invitations are settled, even those dated after `now`.
 */
export function join(
  app: AppId,
  group: GroupId,
  user: UserId,
  was: GroupMembership | undefined,
  { via, by, now, index, role, mostJoined, mostOwned, unasked, invited, signed, imported = {} }: Joining,
): Step[] {
  const { joined = now, adminSince = joined, ...own } = imported;
  const bannedUntil = runningBanEnd(was, now);
  // An owner is never banned.
  const ban = role !== OWNER_ROLE &&
    bannedUntil !== undefined && {
      banned: was?.banned,
      bannedUntil,
      lsi2sk: banOrder(was?.banned ?? 0, bannedUntil, user),
    };
  const settled = Math.max(now, was?.invited ?? 0);
  const admin = role === ADMIN_ROLE && { adminSince, lsi3sk: schema.groupMembership.orders.admin(adminSince, user) };
  const membership = {
    state: 'member',
    role,
    joined,
    lsi1sk: schema.groupMembership.orders.joined(joined, index, user),
    ...ban,
    ...admin,
    ...own,
  };
  const set = {
    role,
    joined,
    adminSince: role === MEMBER_ROLE ? undefined : adminSince,
    settled,
    applied: undefined,
    lsi1sk: schema.userMembership.orders.joined(joined, index, group),
    lsi2sk: schema.userMembership.orders.void(settled, group),
    lsi3sk: role === MEMBER_ROLE ? undefined : schema.userMembership.orders.administered(adminSince, group),
    ttl: undefined,
  };
  const userMembership = [
    ...(invited === undefined ? [] : [olderThan('settled', invited), olderThan('blocked', invited)]),
    ...(signed === undefined ? [] : [olderThan('kicked', signed)]),
  ];
  const userMay = all(
    NOT_DELETED,
    ...(mostOwned === undefined ? [] : [below('owned', mostOwned)]),
    below('joined', mostJoined),
    ...(unasked ? [equal('confirm', false)] : []),
  );
  return [
    measured(
      'joins',
      because(
        put(
          schema.groupMembership.key(app, group, user),
          membership,
          unchanged(was, 'state', 'bannedUntil', 'applied', 'invited'),
        ),
        { via, ...(by !== undefined && { by }) },
      ),
    ),
    update(
      schema.userMembership.key(app, user, group),
      { set },
      userMembership.length > 0 ? all(...userMembership) : undefined,
    ),
    update(schema.user.key(app, user), { add: { joined: 1, ...(role === OWNER_ROLE && { owned: 1 }) } }, userMay),
  ];
}

/**
 * The membership ends. Its settings go; a running ban stays for the case that the user joins again. The item stays for a
 * while in any case, since its stamp tells of the end.
 */
export function leave(
  app: AppId,
  group: GroupId,
  user: UserId,
  was: GroupMembership,
  now: number,
  reason: 'left' | 'kicked',
): Step[] {
  const bannedUntil = runningBanEnd(was, now);
  const ended = put(
    schema.groupMembership.key(app, group, user),
    endedGroupMembership(was, bannedUntil, now),
    unchanged(was, 'state', 'role', 'bannedUntil'),
  );
  return [
    measured('leaves', because(ended, { reason })),
    update(schema.userMembership.key(app, user, group), {
      set: { ...endedUserMembership(now), ...(reason === 'kicked' && { kicked: now }) },
    }),
    update(schema.user.key(app, user), { add: { joined: -1 } }),
  ];
}

/** What stays of a membership or block that has ended. @param bannedUntil end of a ban that still runs */
export const endedGroupMembership = (was: GroupMembership, bannedUntil: number | undefined, now: number) => ({
  ...(bannedUntil !== undefined && { banned: was.banned, bannedUntil }),
  ttl: groupMembershipTtl(bannedUntil, tombstoneTtl(now)),
});

/** The attributes of a user membership that has ended. */
export const endedUserMembership = (now: number) => ({
  role: undefined,
  joined: undefined,
  adminSince: undefined,
  lsi1sk: undefined,
  lsi3sk: undefined,
  ttl: userMembershipTtl(now),
});

/** The owner's memberships go at once with the group; the other members' are left to the clean-up. */
export const removeOwner = (app: AppId, group: GroupId, owner: UserId): Step[] => [
  remove(schema.groupMembership.key(app, group, owner)),
  remove(schema.userMembership.key(app, owner, group)),
  update(schema.user.key(app, owner), { add: { joined: -1, owned: -1 } }),
];

/** A member's own settings in the group. */
export const setOwn = (
  app: AppId,
  group: GroupId,
  user: UserId,
  set: Pick<GroupMembership, 'name' | 'mute' | 'push'>,
): Step => update(schema.groupMembership.key(app, group, user), { set }, equal('state', 'member'));

/** An imported owner's settings, written into the membership that the creation of the group made. */
export function importOwner(
  app: AppId,
  group: GroupId,
  user: UserId,
  was: GroupMembership,
  { joined, name, mute, push }: Omit<ImportedMembership, 'role'> & { joined: number },
  index: number,
): Step[] {
  const own = { joined, name, mute, push, lsi1sk: schema.groupMembership.orders.joined(joined, index, user) };
  return [
    update(
      schema.groupMembership.key(app, group, user),
      { set: own },
      unchanged(was, 'state', 'role', 'joined', 'name', 'mute', 'push'),
    ),
    update(schema.userMembership.key(app, user, group), {
      set: { joined, lsi1sk: schema.userMembership.orders.joined(joined, index, group) },
    }),
  ];
}
