import { KEPT_IN_LISTS } from '../limits.ts';
import { type Outcome, PENDING } from './application-repo.ts';
import { all, equal } from './expression.ts';
import { INVITATION, invitationKey, invitationMade, invitationsToGroup, time, userPartition } from './keys.ts';
import { type Get, prefix, type Query, record } from './read.ts';
import { put, type Step, update } from './step.ts';

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

/** All invitations of a person to one group. */
export const invitationsToGroupOf = (app: string, invitee: number, group: number): Query<Invitation[]> => ({
  query: { partition: userPartition(app, invitee), between: prefix(invitationsToGroup(group)), all: true },
  parse: ({ items }) => items as unknown as Invitation[],
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
    count: true,
    all: true,
  },
  parse: ({ count }) => count,
});

/** New or renewed: pending again, and first in the invitee's list. */
export function inviteStep(
  app: string,
  {
    invitee,
    group,
    inviter,
    reason,
    made,
    until,
  }: { invitee: number; group: number; inviter: number; reason: string; made: number; until: number },
): Step {
  const order = invitationMade(made, group, inviter);
  return put(invitationKey(app, invitee, group, inviter), {
    reason,
    status: PENDING,
    made,
    until,
    updated: made,
    l1: order,
    l2: order,
    ttl: Math.ceil(made / 1000) + KEPT_IN_LISTS,
  });
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
