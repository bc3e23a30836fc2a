import type { Call } from '../../call/call.ts';
import { answeredBytes } from '../../call/page.ts';
import { groupInfoOf, groupOf, groupTextOf } from '../../data/group-repo.ts';
import { groupInfoKey, groupTextKey } from '../../data/keys.ts';
import { groupMembershipOf, isMember } from '../../data/membership-repo.ts';
import { update } from '../../data/step.ts';
import { ApiError } from '../../errors.ts';
import { actorMembership, openCheck, permit, sameRole } from './permissions.ts';
import { groupReply } from './reply.ts';

const readsOf = (call: Call, group: number) => ({
  group: groupOf(call.app, group),
  info: groupInfoOf(call.app, group),
  text: groupTextOf(call.app, group),
  me: actorMembership(call, group),
});

/**
 * Section 7.31: the full record, for anyone in the app; a dissolved group shows, with status 1.
 * @throws ApiError groupMissing
 */
export async function groupInfo(call: Call, id: number) {
  const { group, info, text, me } = await call.open(readsOf(call, id));
  if (!group) throw new ApiError('groupMissing');
  return groupReply(group, info, text, group.status === 'normal' ? me[0] : undefined, call.now);
}

/** Section 7.58: the full record, for members. @throws ApiError groupMissing, needsMember */
export async function groupSettings(call: Call, id: number) {
  const { group: found, info, text, me } = await call.open(readsOf(call, id));
  const { group } = permit(call, 'settings', found, me);
  return groupReply(group, info, text, me[0], call.now);
}

/**
 * Sections 7.32–7.40: name, avatar, description or ext; answers the full record.
 * @throws ApiError groupMissing, needsMember, needsAdmin
 */
export function changeInfo(
  call: Call,
  id: number,
  change: { name: string } | { avatar: string } | { description: string } | { ext: string },
) {
  const { app, now } = call;
  const reads = readsOf(call, id);
  const key = 'name' in change || 'avatar' in change ? groupInfoKey(app, id) : groupTextKey(app, id);
  return call.change(reads, ({ group: found, me }) => {
    const { group, actor } = permit(call, 'change_info', found, me);
    return {
      steps: [
        update(key, { set: { ...change, updatedAt: now } }),
        openCheck(app, id, 'change_info', actor),
        ...sameRole(app, id, actor),
      ],
      answer: () => {
        const { info, text, me } = call.db.records(reads);
        return groupReply(group, info, text, me[0], now);
      },
    };
  });
}

/** Bytes that the avatars of one answer may have together: names and numbers of 1,000 groups take up to 1.3 MB more. */
const AVATARS = 4_500_000;

/**
 * Section 7.34: what is known of several groups, in the order asked; those that never were are left out, dissolved ones
 * are not. An avatar that is longer than its share of the answer (of 1,000 groups 4,500 bytes) is left out: `info` has it.
 */
export async function groupInfos(call: Call, ids: number[]) {
  const { found } = await call.open({
    found: ids.map((id) => ({
      group: groupOf(call.app, id),
      info: groupInfoOf(call.app, id),
      me: call.me === undefined ? [] : [groupMembershipOf(call.app, id, call.me)],
    })),
  });
  return found.flatMap(({ group, info, me }) => {
    if (!group) return [];
    const { name = '', avatar = '' } = info ?? {};
    const own = group.status === 'normal' && isMember(me[0]) ? me[0] : undefined;
    return [
      {
        group_id: group.group,
        name,
        avatar: answeredBytes(avatar) * ids.length <= AVATARS ? avatar : '',
        type: group.type,
        status: group.status === 'normal' ? 0 : 1,
        owner: group.owner,
        count: group.count,
        capacity: group.capacity,
        apply_approval: group.approval,
        msg_mute_mode: own?.mute ?? 0,
        msg_push_mode: own?.push ?? 0,
      },
    ];
  });
}
