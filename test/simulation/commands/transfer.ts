import type { Oracle } from '../oracle.ts';
import { andThen, may, success, unchanged, type Verdict } from '../verdict.ts';
import { type Call, type Command, OWNER_ERRORS } from './command.ts';

export const transfer: Command<Call & { user: number }> = {
  op: 'transfer',
  weight: 7,
  freeWeight: 6,
  errors: [...OWNER_ERRORS, 'newOwnerNotMember', 'tooManyOwned', 'userMissing'],
  draw: ({ by, owner, likely, members, group }) => ({ op: 'transfer', actor: by(owner), group, user: likely(members) }),
  request: ({ group, user }) => ['POST /group/transfer', { group_id: group, new_owner: user }],
  permitted: (oracle, call) => andThen(oracle.permit(call, 'owner'), () => mayOwn(oracle, call.group, call.user)),
  effect: ({ at }, { group, user: newOwner }, user) =>
    at.group(group)?.owner === newOwner && at.membership(group, user)?.bannedUntil === undefined,
};

function mayOwn(oracle: Oracle, group: number, user: number): Verdict {
  if (oracle.at.group(group)?.owner === user) return unchanged;
  if (!oracle.isMember(group, user)) return may('newOwnerNotMember');
  if (oracle.isGone(user)) return may('userMissing');
  return oracle.user(user).owned >= oracle.limits.groups_owned ? may('tooManyOwned') : success;
}
