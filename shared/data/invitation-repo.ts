import { KEPT_IN_LISTS } from '../limits.ts';
import { type Outcome, PENDING } from './application-repo.ts';
import { all, equal, unchanged } from './expression.ts';
import {
  groupMembershipKey,
  INVITATION,
  invitationKey,
  invitationOrder,
  invitationsToGroup,
  time,
  userKey,
  userPartition,
} from './keys.ts';
import { type GroupMembership, groupMembershipTtl } from './membership-repo.ts';
import { type Get, getItem, type Listing, prefix, type Query } from './read.ts';
import { MOST_BYTES } from './sizes.ts';
import { check, put, type Step, update } from './step.ts';
import { NOT_DELETED } from './user-repo.ts';

/** The invitation of one person by one inviter to a group: a second renews it. Times in milliseconds. */
export interface Invitation {
  sk: string;
  reason: string;
  status: Outcome;
  createdAt: number;
  /** Can be accepted until then. */
  expiresAt: number;
  updatedAt: number;
}

export const invitationOf = (
  app: string,
  invitee: number,
  group: number,
  inviter: number,
): Get<Invitation | undefined> => getItem(invitationKey(app, invitee, group, inviter));

/** All invitations of a person to one group, those too that TTL has not removed yet: as many as ever invited. */
export const invitationsToGroupOf = (app: string, invitee: number, group: number): Query<Invitation[]> => ({
  query: {
    partition: userPartition(app, invitee),
    between: prefix(invitationsToGroup(group)),
    entryBytes: MOST_BYTES.invitation,
    all: true,
  },
  parse: ({ items }) => items as unknown as Invitation[],
});

/** Invitations of `latestInvitationsOf`. */
const LATEST = 16;

/** The newest invitations of a person's list, to whatever group; `more`: the list has older ones. */
export const latestInvitationsOf = (
  app: string,
  invitee: number,
  now: number,
): Query<{ invitations: Invitation[]; more: boolean }> => ({
  query: {
    partition: userPartition(app, invitee),
    index: 'lsi1',
    between: [oldestListed(now), `${INVITATION}~`],
    entryBytes: MOST_BYTES.invitation,
    descending: true,
    limit: LATEST,
  },
  parse: ({ items, last }) => ({ invitations: items as unknown as Invitation[], more: last !== undefined }),
});

/** The group and the inviter that an invitation's key names. */
export function partiesOf({ sk }: Pick<Invitation, 'sk'>): { group: number; inviter: number } {
  const [, group, inviter] = sk.split('#').map(Number);
  return { group: group ?? 0, inviter: inviter ?? 0 };
}

/** Since when invitations stand in the list, as a sort key. */
export const oldestListed = (now: number) => `${INVITATION}${time(now - KEPT_IN_LISTS * 1000)}`;

/** How many invitations a person's list has at this moment. */
export const invitationCountOf = (app: string, invitee: number, now: number): Query<number> => ({
  query: {
    partition: userPartition(app, invitee),
    index: 'lsi2',
    between: [oldestListed(now), `${INVITATION}~`],
    entryBytes: MOST_BYTES.counted,
    count: true,
    all: true,
  },
  parse: ({ count }) => count,
});

/**
 * New or renewed: pending again, and first in the invitee's list. Marked on the group membership, so that whoever joins or is
 * blocked settles or voids it, and that it does not come just after such a join or block; nor for a deleted user.
 */
export function inviteSteps(
  app: string,
  invitee: number,
  was: GroupMembership | undefined,
  given: { group: number; inviter: number; reason: string; createdAt: number; expiresAt: number },
): Step[] {
  const { group, inviter, reason, createdAt, expiresAt } = given;
  const order = invitationOrder(createdAt, group, inviter);
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
    put(invitationKey(app, invitee, group, inviter), invitation),
    update(
      groupMembershipKey(app, group, invitee),
      { set: { invited: Math.max(createdAt, was?.invited ?? 0), ttl: groupMembershipTtl(was?.bannedUntil, ttl) } },
      unchanged(was, 'state', 'bannedUntil', 'invited'),
    ),
    check(userKey(app, invitee), NOT_DELETED),
  ];
}

/** Handled, once. */
export const answerStep = (
  app: string,
  invitee: number,
  invitation: Invitation,
  status: Outcome,
  updatedAt: number,
): Step => {
  const { group, inviter } = partiesOf(invitation);
  return update(
    invitationKey(app, invitee, group, inviter),
    { set: { status, updatedAt } },
    all(equal('status', PENDING), equal('createdAt', invitation.createdAt)),
  );
};

/** The invitations of the last 30 days to a person, the newest first. */
export const invitationsNewestFirst = (app: string, invitee: number, now: number): Listing<Invitation> => ({
  partition: userPartition(app, invitee),
  index: 'lsi1',
  prefix: INVITATION,
  form: /^I#\d{13}#\d{1,16}#\d{1,16}$/,
  entryBytes: MOST_BYTES.invitation,
  descending: true,
  from: oldestListed(now),
  entry: (item) => item as unknown as Invitation,
});
