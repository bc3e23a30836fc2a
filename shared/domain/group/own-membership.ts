import type { Call } from '../../call/call.ts';
import type { GroupMembership } from '../../data/membership-repo.ts';
import * as memberships from '../../data/membership-repo.ts';
import { ApiError } from '../../errors.ts';
import type { GroupId, UserId } from '../../ids.ts';
import { groupCommand, groupRead, membershipsOf } from './command.ts';
import { memberEntry } from './lists.ts';

/** Changes the actor's own settings in the group. @throws ApiError groupMissing, needsMember */
const changeOwn = <T>(call: Call, id: GroupId, set: Pick<GroupMembership, 'name' | 'mute' | 'push'>, answer: T) =>
  groupCommand(call, id, 'own_membership', [], ({ actor }) => ({
    steps: [memberships.setOwn(call.app, id, actor.user, set)],
    answer: () => answer,
  }));

/** Section 7.22: the actor's name in the group. */
export const setDisplayName = (call: Call, id: GroupId, name: string) => changeOwn(call, id, { name }, true as const);

/** Section 7.51: 0 to 2. */
export const setMuteMode = (call: Call, id: GroupId, mute: number) => changeOwn(call, id, { mute }, {});

/** Section 7.53: 0 to 4. @throws ApiError badPushMode for another number */
export async function setPushMode(call: Call, id: GroupId, push: number) {
  if (push >= 0 && push <= 4) return changeOwn(call, id, { push }, {});
  await call.open([]);
  throw new ApiError('badPushMode');
}

/** Section 7.50: members of the list, in its order. @throws ApiError groupMissing, needsMember */
export async function memberNames(call: Call, id: GroupId, users: UserId[]) {
  const { records } = await groupRead(call, id, 'member_list', membershipsOf(call, id, users));
  return records.filter(memberships.isMember).map(memberEntry);
}
