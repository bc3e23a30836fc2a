import type { Call } from '../../call/call.ts';
import { ListPage } from '../../call/cursor.ts';
import { dissolvedGroupsOf, publicGroupsNewestFirst } from '../../data/group-repo.ts';
import { type GroupMembership, groupsJoinedOf, memberIn, membersInOrder } from '../../data/membership-repo.ts';
import type { GroupId } from '../../ids.ts';
import { groupRead } from './command.ts';
import { changesOf, versionOf } from './version.ts';

/** A member as every list shows it; `join_time` in seconds. */
export const memberEntry = (membership: GroupMembership) => ({
  user_id: memberIn(membership),
  display_name: membership.name ?? '',
  join_time: Math.floor((membership.joined ?? 0) / 1000),
});

/** The members in order of joining. @throws ApiError groupMissing, needsMember */
export async function memberList(call: Call, id: GroupId, given: { cursor?: string | undefined; limit: number }) {
  const page = new ListPage(call, `member_list ${id}`, membersInOrder(call.app, id), given);
  const reads = { members: page.read, changes: changesOf(call, id) };
  const { group, records } = await groupRead(call, id, 'member_list', reads);
  return page.answer(records.members, memberEntry, group.count, versionOf(call, records.changes));
}

/**
 * Ids of the actor's groups in order of joining. One small Query beside finds the groups that are dissolved and not yet
 * cleaned up: they are left out.
 */
export async function userJoined(call: Call): Promise<GroupId[]> {
  const { groups, dissolved } = await call.open({
    groups: groupsJoinedOf(call.app, call.person),
    dissolved: dissolvedGroupsOf(call.app, call.now),
  });
  return groups.filter((group) => !dissolved.has(group));
}

/** Ids of the app's public groups that are not dissolved, the newest first. */
export async function publicList(call: Call, given: { cursor?: string | undefined; limit: number }) {
  const page = new ListPage(call, 'public_list', publicGroupsNewestFirst(call.app), given);
  const { groups } = await call.open({ groups: page.read });
  return page.answer(groups, (group) => group);
}
