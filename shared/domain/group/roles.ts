import type { Call } from '../../call/call.ts';
import * as groups from '../../data/group-repo.ts';
import { ADMIN_ROLE, groupMembershipOf, isMember, MEMBER_ROLE } from '../../data/membership-repo.ts';
import * as roles from '../../data/role-repo.ts';
import { userOf } from '../../data/user-repo.ts';
import { ApiError, badParameter } from '../../errors.ts';
import type { GroupId, UserId } from '../../ids.ts';
import { existingUser } from '../user/status.ts';
import { entryResult, groupCommand, groupCommandEach, groupRead, membershipsOf } from './command.ts';
import { memberEntry } from './lists.ts';

/**
 * Section 7.1: members become admins. The owner is no admin and stays owner.
 * @param parameter that names them
 */
export const addAdmins = (call: Call, id: GroupId, users: UserId[], parameter = 'user_list') =>
  groupCommandEach(call, id, 'appoint', users, membershipsOf(call, id, users), {
    user: ({ group }, targets, { entry, index }, batch) => {
      const target = targets[index];
      if (!isMember(target)) throw new ApiError('notMember');
      if (target.role !== MEMBER_ROLE) return [];
      const most = call.limits.group_admins;
      if (group.admins + batch.length >= most) throw badParameter(parameter, `a group has at most ${most} admins`);
      // In the order of the list, within one millisecond too.
      return roles.setAdmin(call.app, id, entry, target, call.now + index);
    },
    group: (_permitted, _targets, batch) => [
      groups.count(call.app, id, { admins: batch.length }, { admins: call.limits.group_admins }),
    ],
  });

/** Section 7.2: admins become plain members. */
export const removeAdmins = (call: Call, id: GroupId, users: UserId[]) =>
  groupCommandEach(call, id, 'appoint', users, membershipsOf(call, id, users), {
    user: (_, targets, { entry, index }) => {
      const target = targets[index];
      if (!isMember(target)) throw new ApiError('notMember');
      return target.role === ADMIN_ROLE ? roles.setAdmin(call.app, id, entry, target, undefined) : [];
    },
    group: (_permitted, _targets, batch) => [groups.count(call.app, id, { admins: -batch.length })],
  });

/** Section 7.4: admins without the owner, in order of appointment. @throws ApiError groupMissing, needsMember */
export async function adminList(call: Call, id: GroupId) {
  const { records: admins } = await groupRead(call, id, 'admin_list', roles.adminsOf(call.app, id));
  return admins.map(memberEntry);
}

/**
 * Section 7.71: a member becomes owner and the old owner a plain member. The condition on the owner that was read keeps
 * one owner at any time.
 * @throws ApiError groupMissing, needsMember, needsOwner, newOwnerNotMember, tooManyOwned
 */
export function transfer(call: Call, id: GroupId, successor: UserId) {
  const { app, now } = call;
  const reads = { membership: groupMembershipOf(app, id, successor), user: userOf(app, successor) };
  return groupCommand(call, id, 'transfer', reads, ({ group, actor }, { membership, user }) => {
    const answer = () => entryResult(successor);
    const { owner } = group;
    if (successor === owner) {
      // The actor was owner when its membership was read, but not when the group was: the write tells.
      const stale = actor.user !== owner;
      return { steps: stale ? [groups.isThere(app, id, { owner })] : [], answer };
    }
    if (!isMember(membership)) throw new ApiError('newOwnerNotMember');
    const most = call.limits.groups_owned;
    if (existingUser(user).owned >= most) throw new ApiError('tooManyOwned');
    return {
      steps: [
        groups.transferOwner(app, group, { user: successor, wasAdmin: membership.role === ADMIN_ROLE }, now),
        ...roles.resignOwner(app, id, owner),
        ...roles.becomeOwner(app, id, membership, now, most),
      ],
      answer,
    };
  });
}
