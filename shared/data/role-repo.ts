import type { AppId, GroupId, UserId } from '../ids.ts';
import { all, below, equal } from './expression.ts';
import {
  ADMIN_ROLE,
  type GroupMembership,
  groupOfUserMembership,
  MEMBER_ROLE,
  memberIn,
  OWNER_ROLE,
  unchangedRole,
} from './membership-repo.ts';
import { after, asRecord, prefix, type Query } from './read.ts';
import * as schema from './schema.ts';
import { type Step, update } from './step.ts';
import { NOT_DELETED } from './user-repo.ts';

/** The admins of a group in order of appointment, without its owner. */
export const adminsOf = (app: AppId, group: GroupId): Query<GroupMembership[]> => ({
  query: {
    partition: schema.groupMembership.partition(app, group),
    index: 'lsi3',
    between: prefix(schema.groupMembership.orders.admin.prefix),
    entryBytes: schema.groupMembership.bytes,
    all: true,
  },
  parse: ({ items }) => items.map(asRecord<GroupMembership>),
});

/** Up to `most` groups in which a user is owner or admin, the latest first. */
export const groupsAdministeredOf = (app: AppId, user: UserId, most?: number): Query<GroupId[]> => ({
  query: {
    partition: schema.user.partition(app, user),
    index: 'lsi3',
    between: prefix(schema.userMembership.orders.administered.prefix),
    entryBytes: schema.userMembership.bytes,
    descending: true,
    ...(most !== undefined && { limit: most }),
    all: true,
  },
  parse: ({ items }) => items.map(({ sk }) => groupOfUserMembership(String(sk))),
});

/**
 * Users who may become owner: the admins of a group in order of appointment, or its members in order of joining.
 * @param position where an earlier page ended (`more`)
 */
export function successorsOf(
  app: AppId,
  group: GroupId,
  which: 'admins' | 'members',
  position: string | undefined,
  limit: number,
): Query<{ successors: GroupMembership[]; more: string | undefined }> {
  const [index, start] =
    which === 'admins'
      ? (['lsi3', schema.groupMembership.orders.admin.prefix] as const)
      : (['lsi1', schema.groupMembership.orders.joined.prefix] as const);
  const from = position === undefined ? start : after(position);
  return {
    query: { partition: schema.groupMembership.partition(app, group), index, between: prefix(start, from), limit },
    parse: ({ items, last }) => ({
      successors: items.map(asRecord<GroupMembership>),
      more: last?.[`${index}sk`] as string | undefined,
    }),
  };
}

/** A member becomes admin since a time (ms), or an admin becomes a plain member (undefined). */
export function setAdmin(
  app: AppId,
  group: GroupId,
  user: UserId,
  was: GroupMembership,
  adminSince: number | undefined,
): Step[] {
  const admin = adminSince !== undefined;
  const set = { role: admin ? ADMIN_ROLE : MEMBER_ROLE, adminSince };
  return [
    update(
      schema.groupMembership.key(app, group, user),
      { set: { ...set, lsi3sk: admin ? schema.groupMembership.orders.admin(adminSince, user) : undefined } },
      unchangedRole(was),
    ),
    update(schema.userMembership.key(app, user, group), {
      set: { ...set, lsi3sk: admin ? schema.userMembership.orders.administered(adminSince, group) : undefined },
    }),
  ];
}

/**
 * A member becomes owner: admin and banned no more, and the group counts as owned.
 * @param mostOwned groups that the user may own at most, this one included
 */
export function becomeOwner(app: AppId, group: GroupId, was: GroupMembership, now: number, mostOwned?: number): Step[] {
  const user = memberIn(was);
  return [
    update(
      schema.groupMembership.key(app, group, user),
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
      unchangedRole(was),
    ),
    update(schema.userMembership.key(app, user, group), {
      set: { role: OWNER_ROLE, adminSince: now, lsi3sk: schema.userMembership.orders.administered(now, group) },
    }),
    update(
      schema.user.key(app, user),
      { add: { owned: 1 } },
      all(NOT_DELETED, ...(mostOwned === undefined ? [] : [below('owned', mostOwned)])),
    ),
  ];
}

/** The owner becomes a plain member. */
export const resignOwner = (app: AppId, group: GroupId, owner: UserId): Step[] => [
  update(schema.groupMembership.key(app, group, owner), { set: { role: MEMBER_ROLE } }, equal('role', OWNER_ROLE)),
  update(schema.userMembership.key(app, owner, group), {
    set: { role: MEMBER_ROLE, adminSince: undefined, lsi3sk: undefined },
  }),
  update(schema.user.key(app, owner), { add: { owned: -1 } }),
];
