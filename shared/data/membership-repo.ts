import { above, type Condition, unchanged } from './expression.ts';
import {
  ADMIN,
  applicationKey,
  BANNED,
  EDGE_ADMIN,
  EDGE_JOINED,
  EDGE_VOID,
  edgeAdmin,
  edgeJoined,
  edgeKey,
  edgeVoid,
  FOR_EVER,
  MEMBER,
  RELATION,
  relationAdmin,
  relationBanned,
  relationBlocked,
  relationJoined,
  relationKey,
  relationPartition,
  relationsInSlot,
  time,
  userKey,
  userPartition,
} from './keys.ts';
import { type Get, prefix, type Query, record } from './read.ts';
import { MOST_BYTES } from './sizes.ts';
import { check, measured, put, remove, type Step, update } from './step.ts';
import { LIVING } from './user-repo.ts';

export const MEMBER_ROLE = 0;
export const ADMIN_ROLE = 1;
export const OWNER_ROLE = 2;
export type Role = 0 | 1 | 2;

/**
 * The group's side of one person: member or blocked, never both, since it is one item. Neither state: it only carries
 * a ban that still runs, or the mark of a pending application, for when the person comes back.
 */
export interface Relation {
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
  until?: number;
  /** Pending application: when it was made, and until when it can be approved. */
  applied?: number;
  applied_until?: number;
  /** The newest invitation, by the clock of whoever made it: what settles or voids invitations is never earlier. */
  invited?: number;
  /** Admin since. */
  since?: number;
  blocked?: number;
}

/** A membership that began elsewhere: since when (ms), its role, and what the member had set. */
export type Brought = {
  [field in 'role' | 'joined' | 'since' | 'name' | 'mute' | 'push']?: Relation[field] | undefined;
};

/** The person's side of one group. Outlives the membership as long as invitations older than `settled` or `blocked` live. */
export interface Edge {
  sk: string;
  role?: Role;
  joined?: number;
  since?: number;
  /** Joined last: invitations made until then are settled. */
  settled?: number;
  /** Blocked last: invitations made until then can never be used. */
  blocked?: number;
  /** Applied last. */
  applied?: number;
  /** Kicked last, or blocked as a member: QR codes signed until then do not let this person in. */
  kicked?: number;
}

export const relationOf = (app: string, group: number, user: number): Get<Relation | undefined> =>
  record(relationKey(app, group, user));
export const edgeOf = (app: string, user: number, group: number): Get<Edge | undefined> =>
  record(edgeKey(app, user, group));
export const userOfRelation = ({ sk }: Relation) => Number(sk.slice(RELATION.length));

/** Ids of the groups that a person is in, in order of joining. */
export const groupsJoinedOf = (app: string, user: number): Query<number[]> => ({
  query: {
    partition: userPartition(app, user),
    index: 'lsi1',
    between: prefix(EDGE_JOINED),
    entryBytes: MOST_BYTES.edge,
    all: true,
  },
  parse: ({ items }) => items.map(({ sk }) => groupOfEdge(String(sk))),
});

/** Ids of up to `most` groups that a person is owner or admin of, the latest first. */
export const groupsAdministeredOf = (app: string, user: number, most?: number): Query<number[]> => ({
  query: {
    partition: userPartition(app, user),
    index: 'lsi3',
    between: prefix(EDGE_ADMIN),
    entryBytes: MOST_BYTES.edge,
    descending: true,
    ...(most !== undefined && { limit: most }),
    all: true,
  },
  parse: ({ items }) => items.map(({ sk }) => groupOfEdge(String(sk))),
});

/** A person's edges that voided older invitations since then: those of groups joined or blocked from. */
export const voidingEdgesOf = (app: string, user: number, since: number): Query<(Edge & { group: number })[]> => ({
  query: {
    partition: userPartition(app, user),
    index: 'lsi2',
    between: prefix(EDGE_VOID, `${EDGE_VOID}${time(since)}`),
    entryBytes: MOST_BYTES.edge,
    all: true,
  },
  parse: ({ items }) => items.map((item) => ({ ...(item as unknown as Edge), group: groupOfEdge(String(item.sk)) })),
});

const groupOfEdge = (sk: string) => Number(sk.slice('E#'.length));

/** When a relation of neither state has nothing left to carry (s): never with a ban for ever. */
export const relationTtl = (until: number | undefined, other: number) =>
  until === FOR_EVER ? undefined : Math.max(ttl(until ?? 0), other);

/** Seconds that an edge outlives the membership: no invitation, application or QR code lives longer. */
const EDGE_KEPT = 32 * 86_400;
const ttl = (ms: number) => Math.ceil(ms / 1000);

export const isMember = (
  relation: Relation | undefined,
): relation is Relation & { state: 'member'; role: Role; joined: number } => relation?.state === 'member';
/** A ban that still runs. */
export const bannedUntil = (relation: Relation | undefined, now: number) =>
  (relation?.until ?? 0) > now ? relation?.until : undefined;

/** The role is still what was read; the app (undefined) needs none. */
export const unchangedRole = (relation: Relation): Condition => unchanged(relation, 'state', 'role');

/**
 * The person becomes a member: relation, edge and the person's count, in one transaction with the group's count.
 * `index` orders those who join by one call; `person` and `edge` are what must hold of those items. A ban that still
 * runs comes back. All invitations there are so far are settled, those too that were made after the call began.
 * `brought` is what the membership has from elsewhere: only memberships that are moved in began before `now`.
 */
export function joinSteps(
  app: string,
  group: number,
  user: number,
  was: Relation | undefined,
  {
    now,
    index,
    role,
    person,
    edge,
    brought = {},
  }: {
    now: number;
    index: number;
    role: Role;
    person: Condition;
    edge?: Condition;
    brought?: Omit<Brought, 'role'>;
  },
): Step[] {
  const { joined = now, since = joined, ...own } = brought;
  const until = bannedUntil(was, now);
  const ban = until !== undefined && {
    banned: was?.banned,
    until,
    l2: relationBanned(was?.banned ?? 0, until, user),
  };
  const settled = Math.max(now, was?.invited ?? 0);
  const admin = role === ADMIN_ROLE && { since, l3: relationAdmin(since, user) };
  const relation = { state: 'member', role, joined, l1: relationJoined(joined, index, user), ...ban, ...admin, ...own };
  const set = {
    role,
    joined,
    since: role === MEMBER_ROLE ? undefined : since,
    settled,
    applied: undefined,
    l1: edgeJoined(joined, index, group),
    l2: edgeVoid(settled, group),
    l3: role === MEMBER_ROLE ? undefined : edgeAdmin(since, group),
    ttl: undefined,
  };
  return [
    measured(
      'joins',
      put(relationKey(app, group, user), relation, unchanged(was, 'state', 'until', 'applied', 'invited')),
    ),
    update(edgeKey(app, user, group), { set }, edge),
    update(userKey(app, user), { add: { joined: 1, ...(role === OWNER_ROLE && { owned: 1 }) } }, person),
  ];
}

/** What the owner had set elsewhere, written into the membership that the group's founding made. */
export function bringOwnerSteps(
  app: string,
  group: number,
  user: number,
  was: Relation,
  { joined, name, mute, push }: Omit<Brought, 'role'> & { joined: number },
  index: number,
): Step[] {
  const own = { joined, name, mute, push, l1: relationJoined(joined, index, user) };
  return [
    update(
      relationKey(app, group, user),
      { set: own },
      unchanged(was, 'state', 'role', 'joined', 'name', 'mute', 'push'),
    ),
    update(edgeKey(app, user, group), { set: { joined, l1: edgeJoined(joined, index, group) } }),
  ];
}

/** A ban that was pronounced elsewhere, of a member or of whoever comes back with it. */
export const bringBanStep = (
  app: string,
  group: number,
  user: number,
  was: Relation | undefined,
  { banned, until }: { banned: number; until: number },
): Step =>
  update(
    relationKey(app, group, user),
    {
      set: {
        banned,
        until,
        ...(isMember(was) && { l2: relationBanned(banned, until, user) }),
        ...(was?.state === undefined && { ttl: relationTtl(until, was?.ttl ?? 0) }),
      },
    },
    unchanged(was, 'state', 'role', 'until', 'ttl'),
  );

/** The membership ends: its settings go, a running ban stays for users who rejoin. `kicked` is remembered on the edge. */
export function leaveSteps(
  app: string,
  group: number,
  user: number,
  was: Relation,
  now: number,
  { kicked }: { kicked: boolean },
): Step[] {
  const until = bannedUntil(was, now);
  const as = unchanged(was, 'state', 'role', 'until');
  const key = relationKey(app, group, user);
  const kept = { banned: was.banned, until, ttl: relationTtl(until, 0) };
  return [
    measured('leaves', until === undefined ? remove(key, as) : put(key, kept, as)),
    update(edgeKey(app, user, group), { set: { ...leftEdge(now), ...(kicked && { kicked: now }) } }),
    update(userKey(app, user), { add: { joined: -1 } }),
  ];
}

const leftEdge = (now: number) => ({
  role: undefined,
  joined: undefined,
  since: undefined,
  l1: undefined,
  l3: undefined,
  ttl: edgeTtl(now),
});

/** When what is no membership, edge or relation, has outlived every invitation and application (s). */
export const edgeTtl = (now: number) => ttl(now) + EDGE_KEPT;

/** The admins of a group in order of appointment, without its owner. */
export const adminsOf = (app: string, group: number): Query<Relation[]> => ({
  query: {
    partition: relationPartition(app, group),
    index: 'lsi3',
    between: prefix(ADMIN),
    entryBytes: MOST_BYTES.relation,
    all: true,
  },
  parse: ({ items }) => items as unknown as Relation[],
});

/** Banned members in the order of an index key, the last first. Some of them may have been banned until before now. */
const bansOf = (
  app: string,
  group: number,
  between: readonly [string, string],
  limit: number,
): Query<{ entries: Relation[]; more: boolean }> => ({
  query: {
    partition: relationPartition(app, group),
    index: 'lsi2',
    between,
    entryBytes: MOST_BYTES.relation,
    descending: true,
    limit,
    all: true,
  },
  parse: ({ items, last }) => ({ entries: items as unknown as Relation[], more: last !== undefined }),
});

/** Bans of all slots that have not ended. */
export const runningBansOf = (app: string, group: number, now: number, limit: number) =>
  bansOf(app, group, prefix(BANNED, `${BANNED}${time(now + 1)}`), limit);

/** Bans of one slot, the newest first. @param newest the last part of the key that they begin with */
export const bansInSlotOf = (app: string, group: number, slot: number, newest: string, limit: number) =>
  bansOf(app, group, [relationsInSlot(slot), `${relationsInSlot(slot)}${newest}`], limit);

/** How many bans of a slot run. */
export const runningInSlotOf = (app: string, group: number, slot: number, now: number): Query<number> => ({
  query: {
    partition: relationPartition(app, group),
    index: 'lsi2',
    between: prefix(relationsInSlot(slot)),
    filter: above('until', now),
    count: true,
    all: true,
  },
  parse: ({ count }) => count,
});

/**
 * The person is blocked: a membership ends as by a kick, a pending application goes, older invitations are void by the
 * edge's time.
 * `since` is when the block began, for those that are moved in.
 */
export function blockSteps(
  app: string,
  group: number,
  user: number,
  was: Relation | undefined,
  now: number,
  since = now,
): Step[] {
  const until = bannedUntil(was, now);
  const ban = until !== undefined && { banned: was?.banned, until };
  const blocked = Math.max(now, was?.invited ?? 0);
  return [
    measured(
      'blocks',
      put(
        relationKey(app, group, user),
        { state: 'blocked', blocked: since, l1: relationBlocked(since, user), ...ban },
        unchanged(was, 'state', 'role', 'until', 'applied', 'invited'),
      ),
    ),
    update(edgeKey(app, user, group), {
      set: {
        ...leftEdge(now),
        ...(isMember(was) && { kicked: now }),
        blocked,
        applied: undefined,
        l2: edgeVoid(blocked, group),
      },
    }),
    isMember(was)
      ? measured('leaves', update(userKey(app, user), { add: { joined: -1 } }, LIVING))
      : check(userKey(app, user), LIVING),
    ...(was?.applied === undefined ? [] : [remove(applicationKey(app, group, user))]),
  ];
}

/** No longer blocked; a ban that still runs stays. */
export function unblockStep(app: string, group: number, user: number, was: Relation, now: number): Step {
  const until = bannedUntil(was, now);
  const key = relationKey(app, group, user);
  const as = unchanged(was, 'state', 'until');
  return until === undefined
    ? remove(key, as)
    : put(key, { banned: was.banned, until, ttl: relationTtl(until, 0) }, as);
}

/** Everybody in a group's partition: members, who is blocked, and who would come back with a ban or an application. */
export const allRelationsOf = (app: string, group: number): Query<(Relation & { l1?: string })[]> => ({
  query: { partition: relationPartition(app, group), between: prefix(RELATION), all: true },
  parse: ({ items }) => items as unknown as (Relation & { l1?: string })[],
});

/** One page of everything that lies with a group's people: relations and applications. */
export const peopleOf = (app: string, group: number, limit: number): Query<Relation[]> => ({
  query: { partition: relationPartition(app, group), between: ['!', '~'], limit },
  parse: ({ items }) => items as unknown as Relation[],
});

export const personOf = (app: string, group: number, sk: string): Get<Relation | undefined> =>
  record({ pk: relationPartition(app, group), sk });

/** The steps that take one such item away with its group; a member's edge and count go with it. */
export function forgetSteps(app: string, group: number, item: Relation, now: number): Step[] {
  const key = { pk: relationPartition(app, group), sk: item.sk };
  if (!isMember(item)) return [remove(key)];
  const user = userOfRelation(item);
  return [
    remove(key, unchanged(item, 'state')),
    update(edgeKey(app, user, group), { set: leftEdge(now) }),
    update(userKey(app, user), { add: { joined: -1 } }),
  ];
}

/** The admins of a group in order of appointment, or its members in order of joining: who may inherit it. */
export function heirsOf(
  app: string,
  group: number,
  which: 'admins' | 'members',
  from: string | undefined,
  limit: number,
): Query<{ heirs: Relation[]; more: string | undefined }> {
  const [index, start] = which === 'admins' ? (['lsi3', ADMIN] as const) : (['lsi1', MEMBER] as const);
  return {
    query: { partition: relationPartition(app, group), index, between: prefix(start, from), limit },
    parse: ({ items, last }) => ({
      heirs: items as unknown as Relation[],
      more: last?.[which === 'admins' ? 'l3' : 'l1'] as string | undefined,
    }),
  };
}

/** A member becomes owner: no admin any more, no longer banned, and the group counts as owned. */
export function becomeOwnerSteps(app: string, group: number, was: Relation, now: number, person = LIVING): Step[] {
  const user = userOfRelation(was);
  return [
    update(
      relationKey(app, group, user),
      {
        set: { role: OWNER_ROLE, since: undefined, l3: undefined, banned: undefined, until: undefined, l2: undefined },
      },
      unchanged(was, 'state', 'role'),
    ),
    update(edgeKey(app, user, group), { set: { role: OWNER_ROLE, since: now, l3: edgeAdmin(now, group) } }),
    update(userKey(app, user), { add: { owned: 1 } }, person),
  ];
}
