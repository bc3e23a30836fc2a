import type { Group, GroupInfo, GroupText } from '../../data/group-repo.ts';
import { FOR_EVER } from '../../data/keys.ts';
import { type GroupMembership, isMember } from '../../data/membership-repo.ts';

const seconds = (ms: number) => Math.floor(ms / 1000);

/** The full record of a group (section 7.31, plus `count` and `capacity`); the message modes are the asker's own. */
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

/** What people set of a group, named as in the API. */
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
});

/** Of any of its records (ms). */
export const lastChanged = (group: Group, info: GroupInfo | undefined, text: GroupText | undefined): number =>
  Math.max(group.updatedAt, info?.updatedAt ?? 0, text?.updatedAt ?? 0);

/** Seconds since 1970; −1 for ever; 0 as soon as it has passed. */
export const banExpireTime = (mutedUntil: number, now: number) =>
  mutedUntil <= now ? 0 : mutedUntil === FOR_EVER ? -1 : seconds(mutedUntil);
