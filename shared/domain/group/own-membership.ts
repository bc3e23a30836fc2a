import type { Call } from '../../call/call.ts';
import { equal } from '../../data/expression.ts';
import { groupOf } from '../../data/group-repo.ts';
import { groupMembershipKey } from '../../data/keys.ts';
import { type GroupMembership, groupMembershipOf, isMember } from '../../data/membership-repo.ts';
import { update } from '../../data/step.ts';
import { ApiError } from '../../errors.ts';
import { memberEntry } from './lists.ts';
import { actorMembership, permit } from './permissions.ts';

/** Changes what belongs to the actor's own membership. @throws ApiError groupMissing, needsMember */
function changeOwn<T>(
  call: Call,
  id: number,
  set: Pick<GroupMembership, 'name' | 'mute' | 'push'>,
  answer: T,
): Promise<T> {
  return call.change({ group: groupOf(call.app, id), me: actorMembership(call, id) }, ({ group, me }) => {
    permit(call, 'own_membership', group, me);
    const own = update(groupMembershipKey(call.app, id, call.person), { set }, equal('state', 'member'));
    return { steps: [own], answer: () => answer };
  });
}

/** Section 7.22: the actor's name in the group. */
export const setDisplayName = (call: Call, id: number, name: string) => changeOwn(call, id, { name }, true as const);

/** Section 7.51: 0 to 2. */
export const setMuteMode = (call: Call, id: number, mute: number) => changeOwn(call, id, { mute }, {});

/** Section 7.53: 0 to 4. @throws ApiError badPushMode for another */
export async function setPushMode(call: Call, id: number, push: number) {
  if (push >= 0 && push <= 4) return changeOwn(call, id, { push }, {});
  await call.open([]);
  throw new ApiError('badPushMode');
}

/** Section 7.50: those of the list that are members, in its order. @throws ApiError groupMissing, needsMember */
export async function memberNames(call: Call, id: number, users: number[]) {
  const reads = {
    group: groupOf(call.app, id),
    me: actorMembership(call, id),
    found: users.map((user) => groupMembershipOf(call.app, id, user)),
  };
  const { found } = await call.open(reads, ({ group, me }) => void permit(call, 'member_list', group, me));
  return found.filter(isMember).map(memberEntry);
}
