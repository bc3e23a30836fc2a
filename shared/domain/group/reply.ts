import type { Group, GroupInfo, GroupText } from '../../data/group-repo.ts';
import { FOR_EVER, type GroupMembership, isMember } from '../../data/membership-repo.ts';

const seconds = (ms: number) => Math.floor(ms / 1000);

/** The full record of a group. The message modes are those of the membership. */
export function groupReply(
  group: Group,
  info: GroupInfo | undefined,
  text: GroupText | undefined,
  membership: GroupMembership | undefined,
  now: number,
) {
  const own = isMember(membership) ? membership : undefined;
  return {
    group_id: group.group,
    ...settingsReply(group, info, text),
    status: group.status === 'normal' ? 0 : 1,
    owner_id: group.owner,
    count: group.count,
    ban_expire_time: banExpireTime(group.mutedUntil, now),
    msg_mute_mode: own?.mute ?? 0,
    msg_push_mode: own?.push ?? 0,
    created_at: seconds(group.createdAt),
    updated_at: seconds(lastChanged(group, info, text)),
  };
}

/** What people set of a group, with the names of the API. */
export const settingsReply = (group: Group, info: GroupInfo | undefined, text: GroupText | undefined) => ({
  name: info?.name ?? '',
  avatar: info?.avatar ?? '',
  description: text?.description ?? '',
  ext: text?.ext ?? '',
  type: group.type,
  capacity: group.capacity,
  apply_approval: group.approval,
  member_invite: group.member_invite,
  member_modify: group.member_modify,
  history_visible: group.history_visible,
  read_ack: group.read_ack,
  hide_member_info: group.hide_member_info ?? false,
});

/** When any record of the group was last changed (ms). */
export const lastChanged = (group: Group, info: GroupInfo | undefined, text: GroupText | undefined): number =>
  Math.max(group.updatedAt, info?.updatedAt ?? 0, text?.updatedAt ?? 0);

/** Seconds since 1970; −1 is for ever, 0 is past. */
export const banExpireTime = (mutedUntil: number, now: number) =>
  mutedUntil <= now ? 0 : mutedUntil === FOR_EVER ? -1 : seconds(mutedUntil);
