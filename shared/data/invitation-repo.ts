import { KEPT_IN_LISTS } from '../limits.ts';
import type { Outcome } from './application-repo.ts';
import { invitationKey, invitationMade } from './keys.ts';
import { type Get, record } from './read.ts';
import { put, type Step } from './step.ts';

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
    status: 0,
    made,
    until,
    updated: made,
    l1: order,
    l2: order,
    ttl: Math.ceil(made / 1000) + KEPT_IN_LISTS,
  });
}
