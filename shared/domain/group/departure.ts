import type { Call } from '../../call/call.ts';
import * as groups from '../../data/group-repo.ts';
import * as memberships from '../../data/membership-repo.ts';
import { ADMIN_ROLE, type GroupMembership, isMember, OWNER_ROLE } from '../../data/membership-repo.ts';
import { ApiError } from '../../errors.ts';
import type { GroupId, UserId } from '../../ids.ts';
import { groupCommand, groupCommandEach, membershipsOf } from './command.ts';
import { mayActOn } from './permissions.ts';

/** The group loses these members: its count and its number of admins go with them. */
function countLeft(call: Call, id: GroupId, leaving: readonly (GroupMembership | undefined)[]) {
  const admins = leaving.filter((membership) => membership?.role === ADMIN_ROLE).length;
  return groups.countMembers(call.app, id, { count: -leaving.length, ...(admins > 0 && { admins: -admins }) });
}

/** Section 7.45: takes members out of the group, each entry on its own. */
export const kick = (call: Call, id: GroupId, users: UserId[]) =>
  groupCommandEach(call, id, 'kick', users, membershipsOf(call, id, users), {
    user: ({ group, actor }, targets, { entry, index }) => {
      const target = targets[index];
      mayActOn(actor, group, entry, target);
      if (!isMember(target)) throw new ApiError('notMember');
      return memberships.leave(call.app, id, entry, target, call.now, 'kicked');
    },
    group: (_, targets, batch) => {
      const leaving = batch.map(({ index }) => targets[index]);
      return [countLeft(call, id, leaving)];
    },
  });

/** Section 7.47: a member leaves; the owner cannot. @throws ApiError groupMissing, needsMember, ownerCannotLeave */
export const leave = (call: Call, id: GroupId): Promise<true> =>
  groupCommand(call, id, 'leave', [], ({ actor: { role, user, membership } }) => {
    if (role === OWNER_ROLE || !membership) throw new ApiError('ownerCannotLeave');
    return {
      steps: [
        countLeft(call, id, [membership]),
        ...memberships.leave(call.app, id, user, membership, call.now, 'left'),
      ],
      answer: () => true as const,
    };
  });
