import type { Call } from '../../call/call.ts';
import { ListPage } from '../../call/cursor.ts';
import { dissolvedGroupsOf, groupOf, publicGroupsNewestFirst } from '../../data/group-repo.ts';
import { type GroupMembership, groupsJoinedOf, memberIn, membersInOrder } from '../../data/membership-repo.ts';
import { actorMembership, permit } from './permissions.ts';

/** A member as every list shows it; `join_time` in seconds. */
export const memberEntry = (membership: GroupMembership) => ({
  user_id: memberIn(membership),
  display_name: membership.name ?? '',
  join_time: Math.floor((membership.joined ?? 0) / 1000),
});

/** Section 7.49: the members in order of joining. @throws ApiError groupMissing, needsMember */
export async function memberList(call: Call, id: number, given: { cursor?: string | undefined; limit: number }) {
  const page = new ListPage(call, `member_list ${id}`, membersInOrder(call.app, id), given);
  const reads = { group: groupOf(call.app, id), me: actorMembership(call, id), members: page.read };
  const { group, members } = await call.open(reads, ({ group, me }) => void permit(call, 'member_list', group, me));
  return page.answer(members, memberEntry, group?.count);
}

/**
 * Section 7.76: ids of the actor's groups in order of joining. Groups dissolved but not yet cleaned up are left out: by
 * one small Query beside, not by looking at each group.
 */
export async function userJoined(call: Call): Promise<number[]> {
  const { groups, dissolved } = await call.open({
    groups: groupsJoinedOf(call.app, call.person),
    dissolved: dissolvedGroupsOf(call.app, call.now),
  });
  return groups.filter((group) => !dissolved.has(group));
}

/** Section 7.55: ids of the app's public groups that are not dissolved, the newest first. */
export async function publicList(call: Call, given: { cursor?: string | undefined; limit: number }) {
  const page = new ListPage(call, 'public_list', publicGroupsNewestFirst(call.app), given);
  const { groups } = await call.open({ groups: page.read });
  return page.answer(groups, (group) => group);
}
