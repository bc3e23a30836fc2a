import type { Call } from '../../call/call.ts';
import * as groups from '../../data/group-repo.ts';
import type { GroupId } from '../../ids.ts';
import { endOf } from './ban.ts';
import { groupCommand } from './command.ts';
import { banExpireTime } from './reply.ts';

/** Changes settings of a group. @throws ApiError groupMissing, needsMember, needsAdmin */
export const changeGroupSettings = (call: Call, id: GroupId, settings: groups.GroupSettings): Promise<true> =>
  groupCommand(call, id, 'change_settings', {}, () => ({
    steps: [groups.changeSettings(call.app, id, settings, call.now)],
    answer: () => true,
  }));

/** Lets only admins speak for so many minutes; −1 is for ever. */
export async function banAll(call: Call, id: GroupId, minutes: number) {
  const mutedUntil = endOf(call.now, minutes);
  await changeGroupSettings(call, id, { mutedUntil });
  return { ban_expire_time: banExpireTime(mutedUntil, call.now) };
}
