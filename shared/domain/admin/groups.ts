import type { Call } from '../../call/call.ts';
import { Cursor, ListPage } from '../../call/cursor.ts';
import { Page } from '../../call/page.ts';
import {
  type Group,
  type GroupInfo,
  groupInfoOf,
  groupNamesFrom,
  groupOf,
  groupsNewestFirst,
} from '../../data/group-repo.ts';
import {
  type GroupMembership,
  groupMembershipOf,
  groupMembershipsAfter,
  isMember,
  MEMBERSHIP_FORM,
  memberIn,
  runningBanEnd,
} from '../../data/membership-repo.ts';
import { comparedName, type User, userOf } from '../../data/user-repo.ts';
import type { GroupId, UserId } from '../../ids.ts';
import { existingGroup } from '../group/permissions.ts';
import { banExpireTime } from '../group/reply.ts';
import type { Paging } from './users.ts';

const seconds = (ms: number) => Math.floor(ms / 1000);

const entryOf = (group: Group, info: GroupInfo | undefined, now: number) => ({
  group_id: group.group,
  name: info?.name ?? '',
  avatar: info?.avatar ?? '',
  owner_id: group.owner,
  type: group.type,
  status: group.status === 'normal' ? 0 : 1,
  count: group.count,
  capacity: group.capacity,
  ban_expire_time: banExpireTime(group.mutedUntil, now),
  created_at: seconds(group.createdAt),
});

const recordsOf = (call: Call, id: GroupId) => ({ group: groupOf(call.app, id), info: groupInfoOf(call.app, id) });

/** A page of the groups that an index lists, of which some may be dissolved, or have another name by now. */
async function indexed(
  call: Call,
  name: string,
  listing: ReturnType<typeof groupNamesFrom>,
  given: Paging,
  beginning = '',
) {
  const page = new ListPage(call, name, listing, given);
  const { entries, cursor } = page.cut(await call.open(page.read));
  const records = await call.db.read(entries.map((id) => recordsOf(call, id)));
  const data = records.flatMap(({ group, info }) =>
    group?.status === 'normal' && comparedName(info?.name ?? '').startsWith(beginning)
      ? [entryOf(group, info, call.now)]
      : [],
  );
  return new Page(data, cursor);
}

/**
 * Groups by the beginning of their names, or the one with this id. A page costs at most 20 read units for the index, and
 * 4 for each group: mostly 2.
 * @throws ApiError badParameter (cursor)
 */
export async function searchGroups(
  call: Call,
  { prefix, group_id, ...given }: Paging & { prefix?: string | undefined; group_id?: GroupId | undefined },
) {
  if (group_id !== undefined) {
    const { group, info } = await call.open(recordsOf(call, group_id));
    return new Page(group ? [entryOf(group, info, call.now)] : []);
  }
  const beginning = comparedName(prefix ?? '');
  return indexed(call, `group names ${beginning}`, groupNamesFrom(call.app, beginning), given, beginning);
}

/** All groups, the newest first. @throws ApiError badParameter (cursor) */
export const groupList = (call: Call, given: Paging) => indexed(call, 'groups', groupsNewestFirst(call.app), given);

/** Memberships that one call looks at. */
const LOOKED_AT = 1000;

/**
 * Members by the beginning of their display names or usernames, or the one with this id. A call costs at most some 1,300
 * read units: one for each member that it looks at, and their memberships.
 * @throws ApiError groupMissing, badParameter (cursor)
 */
export async function searchMembers(
  call: Call,
  id: GroupId,
  given: Paging & { text?: string | undefined; user_id?: UserId | undefined },
) {
  const { app, now } = call;
  const view = (membership: GroupMembership, user: User | undefined) => ({
    user_id: memberIn(membership),
    username: user?.username ?? '',
    display_name: membership.name ?? '',
    role: membership.role ?? 0,
    join_time: seconds(membership.joined ?? 0),
    ban_expire_time: banExpireTime(runningBanEnd(membership, now) ?? 0, now),
  });
  if (given.user_id !== undefined) {
    const { group, membership, user } = await call.open({
      group: groupOf(app, id),
      membership: groupMembershipOf(app, id, given.user_id),
      user: userOf(app, given.user_id),
    });
    existingGroup(group);
    return new Page(isMember(membership) ? [view(membership, user)] : []);
  }
  const beginning = comparedName(given.text ?? '');
  const cursor = new Cursor(call, `members of ${id} ${beginning}`, MEMBERSHIP_FORM, given.cursor);
  const { group, found } = await call.open({
    group: groupOf(app, id),
    found: groupMembershipsAfter(app, id, cursor.position, LOOKED_AT),
  });
  existingGroup(group);
  const members = found.memberships.filter(isMember);
  const users = await call.db.read(members.map((membership) => userOf(app, memberIn(membership))));
  const begins = (name = '') => comparedName(name).startsWith(beginning);
  const matching = members
    .map((membership, index) => ({ membership, user: users[index] }))
    .filter(({ membership, user }) => begins(membership.name) || begins(user?.username));
  const page = matching.slice(0, given.limit);
  // The page ends with its last match where more follow, otherwise where the look ended.
  const end = matching.length > page.length ? page.at(-1)?.membership.sk : found.end;
  return new Page(
    page.map(({ membership, user }) => view(membership, user)),
    end === undefined ? undefined : cursor.next(end),
  );
}
