import type { Call } from '../../call/call.ts';
import { ListPage } from '../../call/cursor.ts';
import * as blocks from '../../data/block-repo.ts';
import * as groups from '../../data/group-repo.ts';
import { putJob } from '../../data/job-repo.ts';
import { ADMIN_ROLE, type GroupMembership, isMember, memberIn } from '../../data/membership-repo.ts';
import { userOf } from '../../data/user-repo.ts';
import type { GroupId, UserId } from '../../ids.ts';
import { existingUser } from '../user/status.ts';
import { groupCommandEach, groupRead, membershipsOf } from './command.ts';
import { mayActOn } from './permissions.ts';
import { changesOf, versionOf } from './version.ts';

/**
 * Section 7.17: members leave, and nobody on the list can join by any way. Earlier invitations and applications are void
 * at once, by one time in the user membership; the background removes them.
 */
export function block(call: Call, id: GroupId, users: UserId[]) {
  const { app, now } = call;
  const reads = { targets: membershipsOf(call, id, users), people: users.map((user) => userOf(app, user)) };
  return groupCommandEach(call, id, 'block', users, reads, {
    user: ({ group, actor }, { targets, people }, { entry, index }) => {
      existingUser(people[index]);
      const target = targets[index];
      mayActOn(actor, group, entry, target);
      return target?.state === 'blocked' ? [] : blocks.set(app, id, entry, target, now);
    },
    group: (_, { targets }, batch) => {
      const members = batch.map(({ index }) => targets[index]).filter(isMember);
      const admins = members.filter(({ role }) => role === ADMIN_ROLE).length;
      return [
        groups.count(app, id, { count: -members.length, admins: -admins, blocks: batch.length }),
        putJob({ kind: 'blocked users', app, group: id, users: batch.map(({ entry }) => entry), createdAt: now }),
      ];
    },
  });
}

/** Section 7.74: users may join again. It is no error that a user is not blocked. */
export const unblock = (call: Call, id: GroupId, users: UserId[]) =>
  groupCommandEach(call, id, 'block', users, membershipsOf(call, id, users), {
    user: (_, targets, { entry, index }) => {
      const target = targets[index];
      return target?.state === 'blocked' ? [blocks.lift(call.app, id, entry, target, call.now)] : [];
    },
    group: (_permitted, _targets, batch) => [groups.count(call.app, id, { blocks: -batch.length })],
  });

/**
 * Section 7.18: blocked users, the newest first.
 * @throws ApiError badParameter (cursor), groupMissing, needsMember, needsAdmin
 */
export async function blockedList(call: Call, id: GroupId, given: { cursor?: string | undefined; limit: number }) {
  const page = new ListPage(call, `blocked_list ${id}`, blocks.blockedNewestFirst(call.app, id), given);
  const reads = { blocked: page.read, changes: changesOf(call, id) };
  const { group, records } = await groupRead(call, id, 'blocked_list', reads);
  const view = (membership: GroupMembership) => ({
    user_id: memberIn(membership),
    group_id: id,
    created_at: new Date(membership.blocked ?? 0).toISOString(),
  });
  return page.answer(records.blocked, view, group.blocks, versionOf(call, records.changes));
}
