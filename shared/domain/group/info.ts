import type { Call } from '../../call/call.ts';
import { answeredBytes } from '../../call/page.ts';
import * as groups from '../../data/group-repo.ts';
import { groupInfoOf, groupOf, groupTextOf } from '../../data/group-repo.ts';
import { isMember } from '../../data/membership-repo.ts';
import { ApiError } from '../../errors.ts';
import type { GroupId } from '../../ids.ts';
import { groupCommand, groupRead } from './command.ts';
import { actorMembership } from './permissions.ts';
import { groupReply } from './reply.ts';

const textsOf = (call: Call, group: GroupId) => ({
  info: groupInfoOf(call.app, group),
  text: groupTextOf(call.app, group),
});

/** The full record, for anyone in the app; of a dissolved group too, with status 1. @throws ApiError groupMissing */
export async function groupInfo(call: Call, id: GroupId) {
  const { group, info, text, me } = await call.open({
    group: groupOf(call.app, id),
    ...textsOf(call, id),
    me: actorMembership(call, id),
  });
  if (!group) throw new ApiError('groupMissing');
  return groupReply(group, info, text, group.status === 'normal' ? me[0] : undefined, call.now);
}

/** The full record, for members. @throws ApiError groupMissing, needsMember */
export async function groupSettings(call: Call, id: GroupId) {
  const { group, actor, records } = await groupRead(call, id, 'settings', textsOf(call, id));
  return groupReply(group, records.info, records.text, actor.membership, call.now);
}

/** Changes one text, and answers the full record. @throws ApiError groupMissing, needsMember, needsAdmin */
export function changeInfo(call: Call, id: GroupId, change: groups.InfoChange) {
  const reads = textsOf(call, id);
  return groupCommand(call, id, 'change_info', reads, ({ group, actor }) => ({
    steps: groups.changeInfo(call.app, id, change, call.now),
    answer: () => {
      const { info, text } = call.db.records(reads);
      return groupReply(group, info, text, actor.membership, call.now);
    },
  }));
}

/** Bytes that the avatars of one answer may have together: names and numbers of 1,000 groups take up to 1.3 MB more. */
const AVATARS = 4_500_000;

/**
 * A short record of each group, in the order asked. Groups that never were are left out, dissolved ones are not. An
 * avatar longer than its share of the answer (of 1,000 groups 4,500 bytes) is left out: `groupInfo` has it.
 */
export async function groupInfos(call: Call, ids: GroupId[]) {
  const { found } = await call.open({
    found: ids.map((id) => ({
      group: groupOf(call.app, id),
      info: groupInfoOf(call.app, id),
      me: actorMembership(call, id),
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
