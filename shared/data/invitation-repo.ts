import type { AppId, GroupId, UserId } from '../ids.ts';
import { KEPT_IN_LISTS } from '../limits.ts';
import { type Outcome, PENDING } from './application-repo.ts';
import { all, atMost, equal, unchanged } from './expression.ts';
import { invitationsToGroup, oldestListed } from './keys.ts';
import { type GroupMembership, groupMembershipTtl } from './membership-repo.ts';
import { asRecord, type Get, getItem, type Listing, prefix, type Query } from './read.ts';
import type { ItemOf, Keyed } from './schema.ts';
import * as schema from './schema.ts';
import { check, put, remove, type Step, update } from './step.ts';
import { NOT_DELETED, type User } from './user-repo.ts';

/** One inviter's invitation of a user to a group; a second renews it. Times in milliseconds. */
export type Invitation = Keyed<ItemOf<typeof schema.invitationFields>>;

export const invitationOf = (
  app: AppId,
  invitee: UserId,
  group: GroupId,
  inviter: UserId,
): Get<Invitation | undefined> => getItem(schema.invitation.key(app, invitee, group, inviter));

/** All invitations of a user to one group, also those that TTL has not removed yet: one per inviter. */
export const invitationsToGroupOf = (app: AppId, invitee: UserId, group: GroupId): Query<Invitation[]> => ({
  query: {
    partition: schema.user.partition(app, invitee),
    between: prefix(invitationsToGroup(group)),
    entryBytes: schema.invitation.bytes,
    all: true,
  },
  parse: ({ items }) => items.map(asRecord<Invitation>),
});

/** How many `latestInvitationsOf` reads. */
const LATEST = 16;

/** The newest invitations of a user's list, to any group; `more`: the list has older ones. */
export const latestInvitationsOf = (
  app: AppId,
  invitee: UserId,
  now: number,
): Query<{ invitations: Invitation[]; more: boolean }> => ({
  query: {
    partition: schema.user.partition(app, invitee),
    index: 'lsi1',
    between: [oldestListed(schema.invitation.orders.newest.prefix, now), `${schema.invitation.sk.prefix}~`],
    entryBytes: schema.invitation.bytes,
    descending: true,
    limit: LATEST,
  },
  parse: ({ items, last }) => ({ invitations: items.map(asRecord<Invitation>), more: last !== undefined }),
});

/** The group and the inviter that an invitation's key names. */
export function partiesOf({ sk }: Pick<Invitation, 'sk'>): { group: GroupId; inviter: UserId } {
  const [, group, inviter] = sk.split('#').map(Number) as [number, GroupId, UserId];
  return { group, inviter };
}

/** How many invitations a user's list has. */
export const invitationCountOf = (app: AppId, invitee: UserId, now: number): Query<number> => ({
  query: {
    partition: schema.user.partition(app, invitee),
    index: 'lsi2',
    between: [oldestListed(schema.invitation.orders.newest.prefix, now), `${schema.invitation.sk.prefix}~`],
    entryBytes: schema.INDEX_BYTES.counted,
    count: true,
    all: true,
  },
  parse: ({ count }) => count,
});

/**
 * Makes or renews an invitation. The mark in the group membership makes a later join settle it and a later block void it.
 * The conditions refuse a user who has just joined, was just blocked, or is deleted.
 * @param counted the invitee, where the invitation is counted among those of its inviter
 */
export function send(
  app: AppId,
  invitee: UserId,
  was: GroupMembership | undefined,
  given: { group: GroupId; inviter: UserId; reason: string; createdAt: number; expiresAt: number },
  counted?: User,
): Step[] {
  const { group, inviter, reason, createdAt, expiresAt } = given;
  const order = schema.invitation.orders.newest(createdAt, group, inviter);
  const ttl = Math.ceil(createdAt / 1000) + KEPT_IN_LISTS;
  const invitation = {
    reason,
    status: PENDING,
    createdAt,
    expiresAt,
    updatedAt: createdAt,
    lsi1sk: order,
    lsi2sk: order,
    ttl,
  };
  return [
    put(schema.invitation.key(app, invitee, group, inviter), invitation),
    update(
      schema.groupMembership.key(app, group, invitee),
      { set: { invited: Math.max(createdAt, was?.invited ?? 0), ttl: groupMembershipTtl(was?.bannedUntil, ttl) } },
      unchanged(was, 'state', 'bannedUntil', 'invited'),
    ),
    counted ? countInvitation(app, counted, inviter, createdAt) : check(schema.user.key(app, invitee), NOT_DELETED),
  ];
}

/** Inviters that the invitee's item remembers: each has 21 bytes at most. */
const INVITERS = 8;
const DAY = 86_400_000;

/** How many invitations the user has received from this inviter today. */
export const invitationsFrom = ({ invitedBy }: User, inviter: UserId, now: number): number =>
  countsToday(invitedBy, now).find(([by]) => by === inviter)?.[1] ?? 0;

const countsToday = (invitedBy: User['invitedBy'], now: number) =>
  invitedBy?.day === Math.floor(now / DAY) ? invitedBy.counts : [];

/** Counts on the invitee's item, which the write would check at the same price. */
function countInvitation(app: AppId, invitee: User, inviter: UserId, now: number): Step {
  const others = countsToday(invitee.invitedBy, now).filter(([by]) => by !== inviter);
  const counts = [...others.slice(1 - INVITERS), [inviter, invitationsFrom(invitee, inviter, now) + 1]];
  return update(
    schema.user.key(app, invitee.user),
    { set: { invitedBy: { day: Math.floor(now / DAY), counts } } },
    all(NOT_DELETED, unchanged(invitee, 'invitedBy')),
  );
}

/** The invitee's answer, which can be given once. */
export function answer(app: AppId, invitee: UserId, invitation: Invitation, status: Outcome, updatedAt: number): Step {
  const { group, inviter } = partiesOf(invitation);
  return update(
    schema.invitation.key(app, invitee, group, inviter),
    { set: { status, updatedAt } },
    all(equal('status', PENDING), equal('createdAt', invitation.createdAt)),
  );
}

/** Removes an invitation, unless it was renewed after `until` (ms). */
export const removeVoid = (app: AppId, invitee: UserId, { sk }: Invitation, until: number): Step =>
  remove({ pk: schema.user.partition(app, invitee), sk }, atMost('createdAt', until));

/** The invitations of a user that the list shows, the newest first. */
export const invitationsNewestFirst = (app: AppId, invitee: UserId, now: number): Listing<Invitation> => ({
  partition: schema.user.partition(app, invitee),
  order: schema.invitation.orders.newest,
  entryBytes: schema.invitation.bytes,
  descending: true,
  from: oldestListed(schema.invitation.orders.newest.prefix, now),
  entry: asRecord<Invitation>,
});
