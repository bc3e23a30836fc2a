import { type AnnouncementLine, announcementKind } from './announcement.ts';
import { type BanLine, banKind } from './ban.ts';
import { type BlockLine, blockKind } from './block.ts';
import { type FriendLine, friendKind } from './friend.ts';
import { type FriendRequestLine, friendRequestKind } from './friend-request.ts';
import { type GroupLine, groupKind } from './group.ts';
import type { LineKind } from './line.ts';
import { type MemberLine, memberKind } from './member.ts';
import { type UserLine, userKind } from './user.ts';
import { type UserBlockLine, userBlockKind } from './user-block.ts';

/**
 * The lines of a file that is imported or exported: one JSON object each, with the API's names for fields that the API
 * has. All times are milliseconds since 1970; −1 is for ever. See docs/import-export.md.
 */
export type Line =
  | UserLine
  | FriendLine
  | UserBlockLine
  | FriendRequestLine
  | GroupLine
  | MemberLine
  | BlockLine
  | BanLine
  | AnnouncementLine;
export type Kind = Line['kind'];

/** All kinds, in the order of dependence: a line may name what lines of earlier kinds make, anywhere in the file. */
const LINE_KINDS = {
  user: userKind,
  friend: friendKind,
  user_block: userBlockKind,
  friend_request: friendRequestKind,
  group: groupKind,
  member: memberKind,
  block: blockKind,
  ban: banKind,
  announcement: announcementKind,
} as const satisfies Record<Kind, unknown>;

export const KINDS = Object.keys(LINE_KINDS) as Kind[];

/** The kind of a line. A kind takes lines and records of its own only; who calls it gives it no others. */
export const kindOf = ({ kind }: Line) => LINE_KINDS[kind] as unknown as LineKind<Line>;
