import type { Call } from '../../call/call.ts';
import type { BatchPlan, Entry } from '../../call/transact.ts';
import { equal } from '../../data/expression.ts';
import { type Group, groupOf } from '../../data/group-repo.ts';
import { inviteSteps } from '../../data/invitation-repo.ts';
import { groupMembershipOf, type UserMembership, userMembershipOf } from '../../data/membership-repo.ts';
import type { Step } from '../../data/step.ts';
import { userOf } from '../../data/user-repo.ts';
import { entryResult } from '../entries.ts';
import { admissible, admit, type Candidate, countJoined } from './admission.ts';
import { actorMembership, type GroupActor, permit, sameRole, stillOpen, stillOpenCheck } from './permissions.ts';

type Invitee = Candidate & { userMembership: UserMembership | undefined };

/** What is read of those who are to be invited. */
export const inviteeReads = (call: Call, group: number, users: readonly number[]) =>
  users.map((id) => ({
    user: userOf(call.app, id),
    membership: groupMembershipOf(call.app, group, id),
    userMembership: userMembershipOf(call.app, id, group),
  }));

/**
 * Section 7.42: who has not asked to consent joins at once; who has gets an invitation, and a second one by the same
 * inviter renews the first. Each entry on its own.
 */
export async function invite(call: Call, groupId: number, reason: string, users: number[]) {
  const reads = {
    group: groupOf(call.app, groupId),
    me: actorMembership(call, groupId),
    invitees: inviteeReads(call, groupId, users),
  };
  const plan: BatchPlan<typeof reads, number> = {
    permit: ({ group, me }) => void permit(call, 'invite', group, me),
    entry: (records, { entry, index }, batch) => {
      const { group, actor } = permit(call, 'invite', records.group, records.me);
      const invitee = { id: entry, ...records.invitees[index]! };
      return inviteeSteps(call, group, actor.user, invitee, { reason, index, nth: joiners(records, batch) });
    },
    shared: (records, batch) => {
      const { group, actor } = permit(call, 'invite', records.group, records.me);
      const joining = joiners(records, batch);
      return [
        ...sameRole(call.app, groupId, actor),
        ...(joining > 0
          ? [countJoined(call, group, joining, stillOpen('invite', actor))]
          : stillOpenCheck(call.app, groupId, 'invite', actor)),
      ];
    },
  };
  const errors = await call.changeEach(reads, users, plan);
  return users.map((user, index) => entryResult(user, errors[index]));
}

/** How many of a batch join at once. */
export const joiners = (records: { invitees: Pick<Invitee, 'user'>[] }, batch: readonly Entry<number>[]) =>
  batch.filter(({ index }) => !records.invitees[index]?.user?.confirm).length;

/** One invitee's steps: the admission, or an invitation that only the invitee can turn into one. */
export function inviteeSteps(
  call: Call,
  group: Group,
  inviter: GroupActor['user'],
  invitee: Invitee,
  { reason, index, nth }: { reason: string; index: number; nth: number },
): Step[] {
  if (!admissible(invitee).confirm)
    return admit(call, group, invitee, { index, nth, person: [equal('confirm', false)] });
  // Later than whatever voided older invitations, even within one millisecond.
  const createdAt = Math.max(
    call.now,
    (invitee.userMembership?.settled ?? 0) + 1,
    (invitee.userMembership?.blocked ?? 0) + 1,
  );
  const expiresAt = createdAt + call.limits.invitation_life * 1000;
  return inviteSteps(call.app, invitee.id, invitee.membership, {
    group: group.group,
    inviter,
    reason,
    createdAt,
    expiresAt,
  });
}
