import type { Call } from '../../call/call.ts';
import { all, equal } from '../../data/expression.ts';
import { type Group, groupOf, updateGroup } from '../../data/group-repo.ts';
import { endOf } from './ban.ts';
import { actorMembership, permit, sameRole } from './permissions.ts';
import { banExpireTime } from './reply.ts';

type Settings = Partial<
  Pick<Group, 'approval' | 'member_invite' | 'member_modify' | 'history_visible' | 'read_ack' | 'mutedUntil'>
>;

/** Sections 7.59–7.70: one of the group's settings. @throws ApiError groupMissing, needsMember, needsAdmin */
export function changeGroupSettings(call: Call, id: number, set: Settings): Promise<true> {
  return call.change({ group: groupOf(call.app, id), me: actorMembership(call, id) }, ({ group: found, me }) => {
    const { actor } = permit(call, 'change_settings', found, me);
    return {
      steps: [
        updateGroup(call.app, id, { set: { ...set, updatedAt: call.now } }, all(equal('status', 'normal'))),
        ...sameRole(call.app, id, actor),
      ],
      answer: () => true as const,
    };
  });
}

/** Section 7.63: while it runs only admins may speak; `minutes` −1 for ever. */
export async function banAll(call: Call, id: number, minutes: number) {
  const mutedUntil = endOf(call.now, minutes);
  await changeGroupSettings(call, id, { mutedUntil });
  return { ban_expire_time: banExpireTime(mutedUntil, call.now) };
}
