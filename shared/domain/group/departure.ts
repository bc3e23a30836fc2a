import type { Call } from '../../call/call.ts';
import type { BatchPlan } from '../../call/transact.ts';
import { countInGroup, type Group, groupOf } from '../../data/group-repo.ts';
import {
  ADMIN_ROLE,
  type GroupMembership,
  groupMembershipOf,
  isMember,
  leaveSteps,
  OWNER_ROLE,
} from '../../data/membership-repo.ts';
import type { Step } from '../../data/step.ts';
import { ApiError } from '../../errors.ts';
import { entryResult } from '../entries.ts';
import { actorMembership, mayTouch, permit, sameRole } from './permissions.ts';

/** The group loses these members: its count and its number of admins go with them. */
const countLeft = (call: Call, group: Group, leaving: GroupMembership[]): Step =>
  countInGroup(call.app, group.group, {
    count: -leaving.length,
    ...(leaving.some(isAdmin) && { admins: -leaving.filter(isAdmin).length }),
  });

const isAdmin = ({ role }: GroupMembership) => role === ADMIN_ROLE;

/** Section 7.45: takes members out of the group, each entry on its own. */
export async function kick(call: Call, id: number, users: number[]) {
  const reads = {
    group: groupOf(call.app, id),
    me: actorMembership(call, id),
    targets: users.map((user) => groupMembershipOf(call.app, id, user)),
  };
  const plan: BatchPlan<typeof reads, number> = {
    permit: ({ group, me }) => void permit(call, 'kick', group, me),
    entry: ({ group: found, me, targets }, { entry, index }) => {
      const { group, actor } = permit(call, 'kick', found, me);
      const target = targets[index];
      mayTouch(actor, group, entry, target);
      if (!isMember(target)) throw new ApiError('notMember');
      return leaveSteps(call.app, id, entry, target, call.now, { kicked: true });
    },
    shared: ({ group: found, me, targets }, batch) => {
      const { group, actor } = permit(call, 'kick', found, me);
      const leaving = batch.map(({ index }) => targets[index] as GroupMembership);
      return [...sameRole(call.app, id, actor), countLeft(call, group, leaving)];
    },
  };
  const errors = await call.changeEach(reads, users, plan);
  return users.map((user, index) => entryResult(user, errors[index]));
}

/** Section 7.47: a member leaves; the owner cannot. @throws ApiError groupMissing, needsMember, ownerCannotLeave */
export function leave(call: Call, id: number): Promise<true> {
  return call.change({ group: groupOf(call.app, id), me: actorMembership(call, id) }, ({ group: found, me }) => {
    const { group, actor } = permit(call, 'leave', found, me);
    if (actor.role === OWNER_ROLE) throw new ApiError('ownerCannotLeave');
    const membership = me[0] as GroupMembership;
    return {
      steps: [
        countLeft(call, group, [membership]),
        ...leaveSteps(call.app, id, actor.user, membership, call.now, { kicked: false }),
      ],
      answer: () => true as const,
    };
  });
}
