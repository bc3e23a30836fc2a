import { KEPT_IN_LISTS } from '../limits.ts';
import { type Outcome, PENDING } from './application-repo.ts';
import { all, equal, unchanged } from './expression.ts';
import {
  INVITATION,
  invitationKey,
  invitationMade,
  invitationsToGroup,
  relationKey,
  time,
  userKey,
  userPartition,
} from './keys.ts';
import { type Relation, relationTtl } from './membership-repo.ts';
import { type Get, prefix, type Query, record } from './read.ts';
import { MOST_BYTES } from './sizes.ts';
import { check, put, type Step, update } from './step.ts';
import { LIVING } from './user-repo.ts';

/** The invitation of one person by one inviter to a group: a second renews it. Times in milliseconds. */
export interface Invitation {
  sk: string;
  reason: string;
  status: Outcome;
  made: number;
  /** Can be accepted until then. */
  until: number;
  updated: number;
}

export const invitationOf = (
  app: string,
  invitee: number,
  group: number,
  inviter: number,
): Get<Invitation | undefined> => record(invitationKey(app, invitee, group, inviter));

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
 * New or renewed: pending again, and first in the invitee's list. Marked on the relation, so that whoever joins or is
 * blocked settles or voids it, and that it does not come just after such a join or block; nor for a deleted user.
 */
export function inviteSteps(
  app: string,
  invitee: number,
  was: Relation | undefined,
  given: { group: number; inviter: number; reason: string; made: number; until: number },
): Step[] {
  const { group, inviter, reason, made, until } = given;
  const order = invitationMade(made, group, inviter);
  const ttl = Math.ceil(made / 1000) + KEPT_IN_LISTS;
  const invitation = { reason, status: PENDING, made, until, updated: made, l1: order, l2: order, ttl };
  return [
    put(invitationKey(app, invitee, group, inviter), invitation),
    update(
      relationKey(app, group, invitee),
      { set: { invited: Math.max(made, was?.invited ?? 0), ttl: relationTtl(was?.until, ttl) } },
      unchanged(was, 'state', 'until', 'invited'),
    ),
    check(userKey(app, invitee), LIVING),
  ];
}

/** Handled, once. */
export const answerStep = (
  app: string,
  invitee: number,
  invitation: Invitation,
  status: Outcome,
  updated: number,
): Step => {
  const { group, inviter } = partiesOf(invitation);
  return update(
    invitationKey(app, invitee, group, inviter),
    { set: { status, updated } },
    all(equal('status', PENDING), equal('made', invitation.made)),
  );
};
