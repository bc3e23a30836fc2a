import type { AppId, GroupId, UserId } from '../ids.ts';
import { above, type Condition, unchanged } from './expression.ts';
import {
  ADMIN,
  ADMINISTERED_GROUP,
  administeredGroupOrder,
  adminOrder,
  applicationKey,
  BANNED,
  BLOCKED,
  banOrder,
  bansInSlot,
  blockOrder,
  FOR_EVER,
  GROUP_MEMBERSHIP,
  groupMembershipKey,
  groupMembershipPartition,
  JOINED_GROUP,
  joinedGroupOrder,
  MEMBER,
  memberOrder,
  time,
  userKey,
  userMembershipKey,
  userPartition,
  VOID,
  voidOrder,
} from './keys.ts';
import { type Get, getItem, type Listing, prefix, type Query } from './read.ts';
import { MOST_BYTES } from './sizes.ts';
import { check, measured, put, remove, type Step, update } from './step.ts';
import { NOT_DELETED } from './user-repo.ts';

export { FOR_EVER };
export const MEMBER_ROLE = 0;
export const ADMIN_ROLE = 1;
export const OWNER_ROLE = 2;
export type Role = 0 | 1 | 2;

/**
 * The group's side of one person: member or blocked, never both, since it is one item. Neither state: it only carries
 * a ban that still runs, or the mark of a pending application, for when the person comes back.
 */
export interface GroupMembership {
  sk: string;
  /** Where it may go once that has passed (s). */
  ttl?: number;
  state?: 'member' | 'blocked';
  role?: Role;
  /** Milliseconds. */
  joined?: number;
  /** Display name in the group. */
  name?: string;
  mute?: number;
  push?: number;
  /** Banned at, until (ms or FOR_EVER). */
  banned?: number;
  bannedUntil?: number;
  /** Pending application: when it was made, and until when it can be approved. */
  applied?: number;
  applicationExpiresAt?: number;
  /** The newest invitation, by the clock of whoever made it: what settles or voids invitations is never earlier. */
  invited?: number;
  /** Admin since. */
  adminSince?: number;
  blocked?: number;
}

/** A membership that began elsewhere: since when (ms), its role, and what the member had set. */
export type ImportedMembership = {
  [field in 'role' | 'joined' | 'adminSince' | 'name' | 'mute' | 'push']?: GroupMembership[field] | undefined;
};

/** The person's side of one group. Outlives the membership as long as invitations older than `settled` or `blocked` live. */
export interface UserMembership {
  sk: string;
  role?: Role;
  joined?: number;
  adminSince?: number;
  /** Joined last: invitations made until then are settled. */
  settled?: number;
  /** Blocked last: invitations made until then can never be used. */
  blocked?: number;
  /** Applied last. */
  applied?: number;
  /** Kicked last, or blocked as a member: QR codes signed until then do not let this person in. */
  kicked?: number;
}

export const groupMembershipOf = (app: string, group: number, user: number): Get<GroupMembership | undefined> =>
  getItem(groupMembershipKey(app, group, user));
export const userMembershipOf = (app: string, user: number, group: number): Get<UserMembership | undefined> =>
  getItem(userMembershipKey(app, user, group));
export const memberIn = ({ sk }: GroupMembership) => Number(sk.slice(GROUP_MEMBERSHIP.length));

/** Ids of the groups that a person is in, in order of joining. */
export const groupsJoinedOf = (app: string, user: number): Query<number[]> => ({
  query: {
    partition: userPartition(app, user),
    index: 'lsi1',
    between: prefix(JOINED_GROUP),
    entryBytes: MOST_BYTES.userMembership,
    all: true,
  },
  parse: ({ items }) => items.map(({ sk }) => groupOfUserMembership(String(sk))),
});

/** Ids of up to `most` groups that a person is owner or admin of, the latest first. */
export const groupsAdministeredOf = (app: string, user: number, most?: number): Query<number[]> => ({
  query: {
    partition: userPartition(app, user),
    index: 'lsi3',
    between: prefix(ADMINISTERED_GROUP),
    entryBytes: MOST_BYTES.userMembership,
    descending: true,
    ...(most !== undefined && { limit: most }),
    all: true,
  },
  parse: ({ items }) => items.map(({ sk }) => groupOfUserMembership(String(sk))),
});

/** A person's user memberships that voided older invitations since then: those of groups joined or blocked from. */
export const voidingMembershipsOf = (
  app: string,
  user: number,
  from: number,
): Query<(UserMembership & { group: number })[]> => ({
  query: {
    partition: userPartition(app, user),
    index: 'lsi2',
    between: prefix(VOID, `${VOID}${time(from)}`),
    entryBytes: MOST_BYTES.userMembership,
    all: true,
  },
  parse: ({ items }) =>
    items.map((item) => ({ ...(item as unknown as UserMembership), group: groupOfUserMembership(String(item.sk)) })),
});

const groupOfUserMembership = (sk: string) => Number(sk.slice('E#'.length));

/** When a group membership of neither state has nothing left to carry (s): never with a ban for ever. */
export const groupMembershipTtl = (bannedUntil: number | undefined, other: number) =>
  bannedUntil === FOR_EVER ? undefined : Math.max(ttl(bannedUntil ?? 0), other);

/** Seconds that an user membership outlives the membership: no invitation, application or QR code lives longer. */
const EDGE_KEPT = 32 * 86_400;
const ttl = (ms: number) => Math.ceil(ms / 1000);

export const isMember = (
  membership: GroupMembership | undefined,
): membership is GroupMembership & { state: 'member'; role: Role; joined: number } => membership?.state === 'member';
/** A ban that still runs. */
export const runningBanEnd = (membership: GroupMembership | undefined, now: number) =>
  (membership?.bannedUntil ?? 0) > now ? membership?.bannedUntil : undefined;

/** The role is still what was read; the app (undefined) needs none. */
export const unchangedRole = (membership: GroupMembership): Condition => unchanged(membership, 'state', 'role');

/** Proves that a member still has the role that was read. */
export const sameRole = (app: AppId, group: GroupId, user: UserId, was: GroupMembership): Step =>
  check(groupMembershipKey(app, group, user), unchangedRole(was));

/**
 * The person becomes a member: group membership, user membership and the person's count, in one transaction with the group's count.
 * `index` orders those who join by one call; `person` and `user membership` are what must hold of those items. A ban that still
 * runs comes back. All invitations there are so far are settled, those too that were made after the call began.
 * `imported` is what the membership has from elsewhere: only memberships that are imported began before `now`.
 */
export function joinSteps(
  app: string,
  group: number,
  user: number,
  was: GroupMembership | undefined,
  {
    now,
    index,
    role,
    person,
    userMembership,
    imported = {},
  }: {
    now: number;
    index: number;
    role: Role;
    person: Condition;
    userMembership?: Condition;
    imported?: Omit<ImportedMembership, 'role'>;
  },
): Step[] {
  const { joined = now, adminSince = joined, ...own } = imported;
  const bannedUntil = runningBanEnd(was, now);
  const ban = bannedUntil !== undefined && {
    banned: was?.banned,
    bannedUntil,
    lsi2sk: banOrder(was?.banned ?? 0, bannedUntil, user),
  };
  const settled = Math.max(now, was?.invited ?? 0);
  const admin = role === ADMIN_ROLE && { adminSince, lsi3sk: adminOrder(adminSince, user) };
  const membership = {
    state: 'member',
    role,
    joined,
    lsi1sk: memberOrder(joined, index, user),
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
    lsi1sk: joinedGroupOrder(joined, index, group),
    lsi2sk: voidOrder(settled, group),
    lsi3sk: role === MEMBER_ROLE ? undefined : administeredGroupOrder(adminSince, group),
    ttl: undefined,
  };
  return [
    measured(
      'joins',
      put(
        groupMembershipKey(app, group, user),
        membership,
        unchanged(was, 'state', 'bannedUntil', 'applied', 'invited'),
      ),
    ),
    update(userMembershipKey(app, user, group), { set }, userMembership),
    update(userKey(app, user), { add: { joined: 1, ...(role === OWNER_ROLE && { owned: 1 }) } }, person),
  ];
}

/** What the owner had set elsewhere, written into the membership that the group's founding made. */
export function bringOwnerSteps(
  app: string,
  group: number,
  user: number,
  was: GroupMembership,
  { joined, name, mute, push }: Omit<ImportedMembership, 'role'> & { joined: number },
  index: number,
): Step[] {
  const own = { joined, name, mute, push, lsi1sk: memberOrder(joined, index, user) };
  return [
    update(
      groupMembershipKey(app, group, user),
      { set: own },
      unchanged(was, 'state', 'role', 'joined', 'name', 'mute', 'push'),
    ),
    update(userMembershipKey(app, user, group), { set: { joined, lsi1sk: joinedGroupOrder(joined, index, group) } }),
  ];
}

/** A ban that was pronounced elsewhere, of a member or of whoever comes back with it. */
export const bringBanStep = (
  app: string,
  group: number,
  user: number,
  was: GroupMembership | undefined,
  { banned, bannedUntil }: { banned: number; bannedUntil: number },
): Step =>
  update(
    groupMembershipKey(app, group, user),
    {
      set: {
        banned,
        bannedUntil,
        ...(isMember(was) && { lsi2sk: banOrder(banned, bannedUntil, user) }),
        ...(was?.state === undefined && { ttl: groupMembershipTtl(bannedUntil, was?.ttl ?? 0) }),
      },
    },
    unchanged(was, 'state', 'role', 'bannedUntil', 'ttl'),
  );

/** The membership ends: its settings go, a running ban stays for users who rejoin. `kicked` is remembered on the user membership. */
export function leaveSteps(
  app: string,
  group: number,
  user: number,
  was: GroupMembership,
  now: number,
  { kicked }: { kicked: boolean },
): Step[] {
  const bannedUntil = runningBanEnd(was, now);
  const as = unchanged(was, 'state', 'role', 'bannedUntil');
  const key = groupMembershipKey(app, group, user);
  const kept = { banned: was.banned, bannedUntil, ttl: groupMembershipTtl(bannedUntil, 0) };
  return [
    measured('leaves', bannedUntil === undefined ? remove(key, as) : put(key, kept, as)),
    update(userMembershipKey(app, user, group), {
      set: { ...endedUserMembership(now), ...(kicked && { kicked: now }) },
    }),
    update(userKey(app, user), { add: { joined: -1 } }),
  ];
}

const endedUserMembership = (now: number) => ({
  role: undefined,
  joined: undefined,
  adminSince: undefined,
  lsi1sk: undefined,
  lsi3sk: undefined,
  ttl: userMembershipTtl(now),
});

/** When what is no membership, user membership or group membership, has outlived every invitation and application (s). */
export const userMembershipTtl = (now: number) => ttl(now) + EDGE_KEPT;

/** The admins of a group in order of appointment, without its owner. */
export const adminsOf = (app: string, group: number): Query<GroupMembership[]> => ({
  query: {
    partition: groupMembershipPartition(app, group),
    index: 'lsi3',
    between: prefix(ADMIN),
    entryBytes: MOST_BYTES.groupMembership,
    all: true,
  },
  parse: ({ items }) => items as unknown as GroupMembership[],
});

/** Banned members in the order of an index key, the last first. Some of them may have been banned until before now. */
const bansOf = (
  app: string,
  group: number,
  between: readonly [string, string],
  limit: number,
): Query<{ entries: GroupMembership[]; more: boolean }> => ({
  query: {
    partition: groupMembershipPartition(app, group),
    index: 'lsi2',
    between,
    entryBytes: MOST_BYTES.groupMembership,
    descending: true,
    limit,
    all: true,
  },
  parse: ({ items, last }) => ({ entries: items as unknown as GroupMembership[], more: last !== undefined }),
});

/** Bans of all slots that have not ended. */
export const runningBansOf = (app: string, group: number, now: number, limit: number) =>
  bansOf(app, group, prefix(BANNED, `${BANNED}${time(now + 1)}`), limit);

/** Bans of one slot, the newest first. @param newest the last part of the key that they begin with */
export const bansInSlotOf = (app: string, group: number, slot: number, newest: string, limit: number) =>
  bansOf(app, group, [bansInSlot(slot), `${bansInSlot(slot)}${newest}`], limit);

/** How many bans of a slot run. */
export const runningInSlotOf = (app: string, group: number, slot: number, now: number): Query<number> => ({
  query: {
    partition: groupMembershipPartition(app, group),
    index: 'lsi2',
    between: prefix(bansInSlot(slot)),
    filter: above('bannedUntil', now),
    count: true,
    all: true,
  },
  parse: ({ count }) => count,
});

/**
 * The person is blocked: a membership ends as by a kick, a pending application goes, older invitations are void by the
 * user membership's time.
 * `since` is when the block began, for those that are imported.
 */
export function blockSteps(
  app: string,
  group: number,
  user: number,
  was: GroupMembership | undefined,
  now: number,
  blockedAt = now,
): Step[] {
  const bannedUntil = runningBanEnd(was, now);
  const ban = bannedUntil !== undefined && { banned: was?.banned, bannedUntil };
  const blocked = Math.max(now, was?.invited ?? 0);
  return [
    measured(
      'blocks',
      put(
        groupMembershipKey(app, group, user),
        { state: 'blocked', blocked: blockedAt, lsi1sk: blockOrder(blockedAt, user), ...ban },
        unchanged(was, 'state', 'role', 'bannedUntil', 'applied', 'invited'),
      ),
    ),
    update(userMembershipKey(app, user, group), {
      set: {
        ...endedUserMembership(now),
        ...(isMember(was) && { kicked: now }),
        blocked,
        applied: undefined,
        lsi2sk: voidOrder(blocked, group),
      },
    }),
    isMember(was)
      ? measured('leaves', update(userKey(app, user), { add: { joined: -1 } }, NOT_DELETED))
      : check(userKey(app, user), NOT_DELETED),
    ...(was?.applied === undefined ? [] : [remove(applicationKey(app, group, user))]),
  ];
}

/** No longer blocked; a ban that still runs stays. */
export function unblockStep(app: string, group: number, user: number, was: GroupMembership, now: number): Step {
  const bannedUntil = runningBanEnd(was, now);
  const key = groupMembershipKey(app, group, user);
  const as = unchanged(was, 'state', 'bannedUntil');
  return bannedUntil === undefined
    ? remove(key, as)
    : put(key, { banned: was.banned, bannedUntil, ttl: groupMembershipTtl(bannedUntil, 0) }, as);
}

/** Everybody in a group's partition: members, who is blocked, and who would come back with a ban or an application. */
export const groupMembershipsOf = (app: string, group: number): Query<(GroupMembership & { lsi1sk?: string })[]> => ({
  query: { partition: groupMembershipPartition(app, group), between: prefix(GROUP_MEMBERSHIP), all: true },
  parse: ({ items }) => items as unknown as (GroupMembership & { lsi1sk?: string })[],
});

/** One page of everything that lies with a group's people: group memberships and applications. */
export const peopleOf = (app: string, group: number, limit: number): Query<GroupMembership[]> => ({
  query: { partition: groupMembershipPartition(app, group), between: ['!', '~'], limit },
  parse: ({ items }) => items as unknown as GroupMembership[],
});

export const personOf = (app: string, group: number, sk: string): Get<GroupMembership | undefined> =>
  getItem({ pk: groupMembershipPartition(app, group), sk });

/** The steps that take one such item away with its group; a member's user membership and count go with it. */
export function removeFromGroupSteps(app: string, group: number, item: GroupMembership, now: number): Step[] {
  const key = { pk: groupMembershipPartition(app, group), sk: item.sk };
  if (!isMember(item)) return [remove(key)];
  const user = memberIn(item);
  return [
    remove(key, unchanged(item, 'state')),
    update(userMembershipKey(app, user, group), { set: endedUserMembership(now) }),
    update(userKey(app, user), { add: { joined: -1 } }),
  ];
}

/** The admins of a group in order of appointment, or its members in order of joining: who may inherit it. */
export function successorsOf(
  app: string,
  group: number,
  which: 'admins' | 'members',
  from: string | undefined,
  limit: number,
): Query<{ successors: GroupMembership[]; more: string | undefined }> {
  const [index, start] = which === 'admins' ? (['lsi3', ADMIN] as const) : (['lsi1', MEMBER] as const);
  return {
    query: { partition: groupMembershipPartition(app, group), index, between: prefix(start, from), limit },
    parse: ({ items, last }) => ({
      successors: items as unknown as GroupMembership[],
      more: last?.[which === 'admins' ? 'lsi3sk' : 'lsi1sk'] as string | undefined,
    }),
  };
}

/** A member becomes owner: no admin any more, no longer banned, and the group counts as owned. */
export function becomeOwnerSteps(
  app: string,
  group: number,
  was: GroupMembership,
  now: number,
  person = NOT_DELETED,
): Step[] {
  const user = memberIn(was);
  return [
    update(
      groupMembershipKey(app, group, user),
      {
        set: {
          role: OWNER_ROLE,
          adminSince: undefined,
          lsi3sk: undefined,
          banned: undefined,
          bannedUntil: undefined,
          lsi2sk: undefined,
        },
      },
      unchanged(was, 'state', 'role'),
    ),
    update(userMembershipKey(app, user, group), {
      set: { role: OWNER_ROLE, adminSince: now, lsi3sk: administeredGroupOrder(now, group) },
    }),
    update(userKey(app, user), { add: { owned: 1 } }, person),
  ];
}

/** The members of a group in order of joining. */
export const membersInOrder = (app: string, group: number): Listing<GroupMembership> => ({
  partition: groupMembershipPartition(app, group),
  index: 'lsi1',
  prefix: MEMBER,
  form: /^M#\d{13}#\d{4}#\d{1,16}$/,
  entryBytes: MOST_BYTES.groupMembership,
  entry: (item) => item as unknown as GroupMembership,
});

/** The blocked users of a group, the newest first. */
export const blockedNewestFirst = (app: string, group: number): Listing<GroupMembership> => ({
  partition: groupMembershipPartition(app, group),
  index: 'lsi1',
  prefix: BLOCKED,
  form: /^B#\d{13}#\d{1,16}$/,
  entryBytes: MOST_BYTES.groupMembership,
  descending: true,
  entry: (item) => item as unknown as GroupMembership,
});

/** Bans a member from speaking until a time (ms or FOR_EVER). */
export const ban = (
  app: AppId,
  group: GroupId,
  user: UserId,
  was: GroupMembership,
  { banned, bannedUntil }: { banned: number; bannedUntil: number },
): Step =>
  measured(
    'bans',
    update(
      groupMembershipKey(app, group, user),
      { set: { banned, bannedUntil, lsi2sk: banOrder(banned, bannedUntil, user) } },
      unchanged(was, 'state', 'role', 'bannedUntil'),
    ),
  );

/** Lifts a ban. What is left of one without an end, when its user has left, ends now. */
export const unban = (app: AppId, group: GroupId, user: UserId, was: GroupMembership | undefined, now: number): Step =>
  update(
    groupMembershipKey(app, group, user),
    {
      set: {
        banned: undefined,
        bannedUntil: undefined,
        lsi2sk: undefined,
        ...(was?.state === undefined && { ttl: userMembershipTtl(now) }),
      },
    },
    unchanged(was, 'state', 'role', 'bannedUntil'),
  );
