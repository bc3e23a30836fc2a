import { isDeepStrictEqual } from 'node:util';
import type { WholeAnnouncement } from '../../data/announcement-repo.ts';
import { type Group, type GroupInfo, type GroupText, NEW_GROUP } from '../../data/group-repo.ts';
import { FOR_EVER } from '../../data/keys.ts';
import { ADMIN_ROLE, type GroupMembership, memberIn, OWNER_ROLE, runningBanEnd } from '../../data/membership-repo.ts';
import type { Profile, Tags } from '../../data/profile-repo.ts';
import type { PasswordHash, User } from '../../data/user-repo.ts';
import { lastChanged, settingsReply } from '../group/reply.ts';

/**
 * The lines of a file that moves an app in or out: one JSON object each, named as in the API where it has the field.
 * All times are milliseconds since 1970; −1 is for ever. See docs/migrating.md.
 */
type Given<T> = { [field in keyof T]?: T[field] | undefined };

export type UserLine = { kind: 'user'; user_id: number; username: string } & Given<{
  mobile: string;
  status: 'active' | 'disabled';
  group_confirm: boolean;
  created_at: number;
  /** Only in files that come from elsewhere; an export has the hash. */
  password: string;
  password_hash: PasswordHash;
  nick_name: string;
  avatar: string;
  description: string;
  email: string;
  private_info: string;
  public_info: string;
  settings: Record<string, unknown>;
  tags: string[];
}>;

export type GroupLine = { kind: 'group'; group_id: number; owner_id: number; name: string } & Given<{
  avatar: string;
  description: string;
  ext: string;
  type: 0 | 1 | 2;
  capacity: number;
  apply_approval: 0 | 1 | 2;
  member_invite: boolean;
  member_modify: boolean;
  history_visible: boolean;
  read_ack: boolean;
  ban_expire_time: number;
  created_at: number;
  updated_at: number;
}>;

export type MemberLine = { kind: 'member'; group_id: number; user_id: number } & Given<{
  role: 'member' | 'admin' | 'owner';
  display_name: string;
  join_time: number;
  admin_since: number;
  msg_mute_mode: number;
  msg_push_mode: number;
}>;

export type BlockLine = { kind: 'block'; group_id: number; user_id: number } & Given<{ created_at: number }>;

export type BanLine = { kind: 'ban'; group_id: number; user_id: number; expired_time: number } & Given<{
  created_at: number;
}>;

export interface AnnouncementLine {
  kind: 'announcement';
  group_id: number;
  id: number;
  title: string;
  content: string;
  author: number;
  created_at?: number | undefined;
}

export type Line = UserLine | GroupLine | MemberLine | BlockLine | BanLine | AnnouncementLine;
export type Kind = Line['kind'];

/** In the order of dependence: a line may name what lines of the kinds before it make, wherever they stand in the file. */
export const KINDS = ['user', 'group', 'member', 'block', 'ban', 'announcement'] as const satisfies Kind[];

/** What need not stand in a line: an export leaves it out. */
const LEFT_OUT: Record<string, unknown> = {
  mobile: '',
  status: 'active',
  group_confirm: false,
  nick_name: '',
  avatar: '',
  description: '',
  email: '',
  private_info: '',
  public_info: '',
  settings: {},
  tags: [],
  ext: '',
  type: 0,
  apply_approval: NEW_GROUP.approval,
  member_invite: NEW_GROUP.member_invite,
  member_modify: NEW_GROUP.member_modify,
  history_visible: NEW_GROUP.history_visible,
  read_ack: NEW_GROUP.read_ack,
  ban_expire_time: 0,
  role: 'member',
  display_name: '',
  msg_mute_mode: 0,
  msg_push_mode: 0,
};

/** The line without what need not stand in it. */
export const lean = (line: Line): object =>
  Object.fromEntries(
    Object.entries(line).filter(
      ([field, value]) => value !== undefined && !(field in LEFT_OUT && isDeepStrictEqual(value, LEFT_OUT[field])),
    ),
  );

/** The first field that the line gives otherwise than the record there has it. Passwords are not compared. */
export const differing = (given: Line, there: Line): string | undefined =>
  Object.entries(given).find(
    ([field, value]) =>
      value !== undefined &&
      field !== 'password' &&
      field !== 'password_hash' &&
      !isDeepStrictEqual(value, (there as unknown as Record<string, unknown>)[field]),
  )?.[0];

const endTime = (bannedUntil: number) => (bannedUntil === FOR_EVER ? -1 : bannedUntil);
/** As it is stored: −1 is FOR_EVER. */
export const storedTime = (end: number) => (end === -1 ? FOR_EVER : end);

/** All of a user, with the defaults of what is not set. */
export function userLine(
  user: User,
  profile: Profile | undefined,
  settings: Record<string, unknown> | undefined,
  tags: Tags | undefined,
): UserLine {
  const { pk: _, sk: __, ...set } = settings ?? {};
  return {
    kind: 'user',
    user_id: user.user,
    username: user.username,
    mobile: user.mobile ?? '',
    status: user.status === 'disabled' ? 'disabled' : 'active',
    group_confirm: user.confirm,
    created_at: user.createdAt,
    password_hash: user.password,
    nick_name: profile?.nick_name ?? '',
    avatar: profile?.avatar ?? '',
    description: profile?.description ?? '',
    email: profile?.email ?? '',
    private_info: profile?.private_info ?? '',
    public_info: profile?.public_info ?? '',
    settings: set,
    tags: tags?.tags ?? [],
  };
}

export function groupLine(
  group: Group,
  info: GroupInfo | undefined,
  text: GroupText | undefined,
  now: number,
): GroupLine {
  return {
    kind: 'group',
    group_id: group.group,
    owner_id: group.owner,
    ...settingsReply(group, info, text),
    ban_expire_time: group.mutedUntil > now ? endTime(group.mutedUntil) : 0,
    created_at: group.createdAt,
    updated_at: lastChanged(group, info, text),
  };
}

export const memberLine = (group: number, membership: GroupMembership): MemberLine => ({
  kind: 'member',
  group_id: group,
  user_id: memberIn(membership),
  role: membership.role === OWNER_ROLE ? 'owner' : membership.role === ADMIN_ROLE ? 'admin' : 'member',
  display_name: membership.name ?? '',
  join_time: membership.joined,
  admin_since: membership.role === ADMIN_ROLE ? membership.adminSince : undefined,
  msg_mute_mode: membership.mute ?? 0,
  msg_push_mode: membership.push ?? 0,
});

export const blockLine = (group: number, membership: GroupMembership): BlockLine => ({
  kind: 'block',
  group_id: group,
  user_id: memberIn(membership),
  created_at: membership.blocked,
});

/** The ban that runs, if one does. */
export function banLine(group: number, membership: GroupMembership, now: number): BanLine | undefined {
  const bannedUntil = runningBanEnd(membership, now);
  if (bannedUntil === undefined) return undefined;
  const user_id = memberIn(membership);
  return { kind: 'ban', group_id: group, user_id, expired_time: endTime(bannedUntil), created_at: membership.banned };
}

export const announcementLine = (group: number, announcement: WholeAnnouncement): AnnouncementLine => ({
  kind: 'announcement',
  group_id: group,
  id: announcement.id,
  title: announcement.title,
  content: announcement.content,
  author: announcement.author,
  created_at: announcement.createdAt,
});
