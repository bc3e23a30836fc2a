import type { Call } from '../../call/call.ts';
import * as memberships from '../../data/membership-repo.ts';
import { FOR_EVER, isMember } from '../../data/membership-repo.ts';
import { ApiError } from '../../errors.ts';
import type { GroupId, UserId } from '../../ids.ts';
import { groupCommandEach } from './command.ts';
import { mayTouch } from './permissions.ts';

/** When a ban of so many minutes ends (ms); −1 never does. */
export const endOf = (now: number, minutes: number) => (minutes === -1 ? FOR_EVER : now + minutes * 60_000);

const targetsOf = (call: Call, group: GroupId, users: UserId[]) =>
  users.map((user) => memberships.groupMembershipOf(call.app, group, user));

/**
 * Section 7.15: members may not speak for so many minutes; a second ban replaces the first. The group's own record is
 * not written, so bans do not wait for joins.
 */
export const ban = (call: Call, id: GroupId, minutes: number, users: UserId[]) =>
  groupCommandEach(call, id, 'ban', users, targetsOf(call, id, users), {
    user: ({ group, actor }, targets, { entry, index }) => {
      const target = targets[index];
      if (!isMember(target)) throw new ApiError('notMember');
      mayTouch(actor, group, entry, target);
      return [
        memberships.ban(call.app, id, entry, target, { banned: call.now, bannedUntil: endOf(call.now, minutes) }),
      ];
    },
  });

/** Section 7.73: lifts bans, also of users who have left and would come back with one. */
export const unban = (call: Call, id: GroupId, users: UserId[]) =>
  groupCommandEach(call, id, 'ban', users, targetsOf(call, id, users), {
    user: ({ group, actor }, targets, { entry, index }) => {
      const target = targets[index];
      if (memberships.runningBanEnd(target, call.now) === undefined) {
        if (!isMember(target)) throw new ApiError('notMember');
        return [];
      }
      mayTouch(actor, group, entry, target);
      return [memberships.unban(call.app, id, entry, target, call.now)];
    },
  });
