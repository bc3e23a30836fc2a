import { unchanged } from '../../data/expression.ts';
import { groupOf } from '../../data/group-repo.ts';
import { banOrder, FOR_EVER, groupMembershipKey } from '../../data/keys.ts';
import {
  type GroupMembership,
  groupMembershipOf,
  isMember,
  runningBanEnd,
  userMembershipTtl,
} from '../../data/membership-repo.ts';
import { measured, type Step, update } from '../../data/step.ts';
import { ApiError } from '../../errors.ts';
import type { Call } from '../call.ts';
import { entryResult } from '../entries.ts';
import type { BatchPlan } from '../transact.ts';
import { mayTouch } from './departure.ts';
import { actorMembership, permit, sameRole } from './permissions.ts';

/** When a ban of so many minutes ends (ms); −1 never does. */
export const endOf = (now: number, minutes: number) => (minutes === -1 ? FOR_EVER : now + minutes * 60_000);

/** Section 7.15: members may not speak until then; a second ban replaces the first. */
export const ban = (call: Call, group: number, minutes: number, users: number[]) =>
  changeBans(call, group, users, (user, target) => {
    if (!isMember(target)) throw new ApiError('notMember');
    const bannedUntil = endOf(call.now, minutes);
    return { banned: call.now, bannedUntil, lsi2sk: banOrder(call.now, bannedUntil, user) };
  });

/** Section 7.73: bans are lifted, of those too who have left and would come back with one. */
export const unban = (call: Call, group: number, users: number[]) =>
  changeBans(call, group, users, (_, target) => {
    // One for ever had no end; what is left of it without a membership has.
    const ends = target?.state === undefined && { ttl: userMembershipTtl(call.now) };
    if (runningBanEnd(target, call.now) !== undefined)
      return { banned: undefined, bannedUntil: undefined, lsi2sk: undefined, ...ends };
    if (!isMember(target)) throw new ApiError('notMember');
    return undefined;
  });

/** The group itself is not touched, so that bans do not wait for those who join. */
async function changeBans(
  call: Call,
  id: number,
  users: number[],
  change: (user: number, target: GroupMembership | undefined) => Record<string, unknown> | undefined,
) {
  const reads = {
    group: groupOf(call.app, id),
    me: actorMembership(call, id),
    targets: users.map((user) => groupMembershipOf(call.app, id, user)),
  };
  const plan: BatchPlan<typeof reads, number> = {
    permit: ({ group, me }) => void permit(call, 'ban', group, me),
    entry: ({ group: found, me, targets }, { entry, index }): Step[] => {
      const { group, actor } = permit(call, 'ban', found, me);
      const target = targets[index];
      const set = change(entry, target);
      if (!set) return [];
      mayTouch(actor, group, entry, target);
      const step = update(
        groupMembershipKey(call.app, id, entry),
        { set },
        unchanged(target, 'state', 'role', 'bannedUntil'),
      );
      return [set.bannedUntil === undefined ? step : measured('bans', step)];
    },
    shared: ({ group: found, me }) => sameRole(call.app, id, permit(call, 'ban', found, me).actor),
  };
  const errors = await call.changeEach(reads, users, plan);
  return users.map((user, index) => entryResult(user, errors[index]));
}
