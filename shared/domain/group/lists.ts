import { dissolvedGroupsOf, groupOf } from '../../data/group-repo.ts';
import { groupMembershipPartition, MEMBER, publicGroupPartition } from '../../data/keys.ts';
import { type GroupMembership, groupsJoinedOf, memberIn } from '../../data/membership-repo.ts';
import { MOST_BYTES } from '../../data/sizes.ts';
import type { Call } from '../call.ts';
import { ListPage } from '../cursor.ts';
import { actorMembership, permit } from './permissions.ts';

/** A member as every list shows it; `join_time` in seconds. */
export const memberEntry = (membership: GroupMembership) => ({
  user_id: memberIn(membership),
  display_name: membership.name ?? '',
  join_time: Math.floor((membership.joined ?? 0) / 1000),
});

/** Section 7.49: the members in order of joining. @throws ApiError groupMissing, needsMember */
export async function memberList(call: Call, id: number, given: { cursor?: string | undefined; limit: number }) {
  const page = new ListPage<GroupMembership>(`member_list ${id}`, given, {
    partition: groupMembershipPartition(call.app, id),
    index: 'lsi1',
    prefix: MEMBER,
    form: /^M#\d{13}#\d{4}#\d{1,16}$/,
    entryBytes: MOST_BYTES.groupMembership,
  });
  const reads = { group: groupOf(call.app, id), me: actorMembership(call, id), members: page.read };
  const { group, members } = await call.open(reads, ({ group, me }) => {
    page.verify(call);
    permit(call, 'member_list', group, me);
  });
  return page.answer(call, members, memberEntry, group?.count);
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
  const page = new ListPage<{ sk: string }>('public_list', given, {
    partition: publicGroupPartition(call.app),
    prefix: '',
    form: /^\d{13}#\d{1,16}$/,
    entryBytes: MOST_BYTES.publicGroup,
    descending: true,
  });
  const { groups } = await call.open({ groups: page.read }, () => page.verify(call));
  return page.answer(call, groups, ({ sk }) => Number(sk.split('#')[1]));
}
